//go:build linux

// The afternoon is what somebody writes in an afternoon: Echo, its middleware
// for static files and compression, tokens by echo-jwt, a query per request.
package main

import (
	"context"
	"database/sql"
	"errors"
	"flag"
	"log"
	"net/http"
	"path/filepath"
	"strconv"
	"time"

	"github.com/golang-jwt/jwt/v5"
	echojwt "github.com/labstack/echo-jwt/v4"
	"github.com/labstack/echo/v4"
	"github.com/labstack/echo/v4/middleware"
	"golang.org/x/crypto/bcrypt"
	_ "modernc.org/sqlite"
)

const schema = `CREATE TABLE IF NOT EXISTS users (
	id         INTEGER PRIMARY KEY,
	email      TEXT NOT NULL UNIQUE,
	name       TEXT NOT NULL,
	hash       BLOB NOT NULL,
	created_at TEXT NOT NULL DEFAULT CURRENT_TIMESTAMP
)`

// key signs the tokens.
var key = []byte("the key of an afternoon's server")

type server struct{ db *sql.DB }

type credentials struct {
	Email    string `json:"email"`
	Name     string `json:"name"`
	Password string `json:"password"`
}

func main() {
	addr := flag.String("addr", "localhost:8080", "address to listen on")
	site := flag.String("site", "", "directory of the exported pages")
	file := flag.String("db", "", "file of the database")
	flag.Parse()
	db, err := sql.Open("sqlite", *file+"?_pragma=journal_mode(wal)&_pragma=busy_timeout(5000)")
	if err != nil {
		log.Fatal(err)
	}
	if _, err := db.ExecContext(context.Background(), schema); err != nil {
		log.Fatal(err)
	}
	s := server{db}

	e := echo.New()
	e.HideBanner = true
	e.Use(middleware.Recover(), middleware.Gzip(), middleware.Static(*site))
	signedIn := echojwt.WithConfig(echojwt.Config{
		SigningKey:  key,
		TokenLookup: "cookie:token",
		ErrorHandler: func(c echo.Context, _ error) error {
			return c.Redirect(http.StatusSeeOther, "/login")
		},
	})
	e.POST("/api/register", s.register)
	e.POST("/api/login", s.login)
	e.GET("/api/profile", s.profile, signedIn)
	e.GET("/dashboard", func(c echo.Context) error {
		return c.File(filepath.Join(*site, "dashboard.html"))
	}, signedIn)
	log.Fatal(e.Start(*addr))
}

func (s server) register(c echo.Context) error {
	var given credentials
	if err := c.Bind(&given); err != nil {
		return err
	}
	hash, err := bcrypt.GenerateFromPassword([]byte(given.Password), 12)
	if err != nil {
		return err
	}
	if _, err := s.db.ExecContext(c.Request().Context(), "INSERT INTO users (email, name, hash) VALUES (?, ?, ?)", given.Email, given.Name, hash); err != nil {
		return err
	}
	return c.NoContent(http.StatusCreated)
}

func (s server) login(c echo.Context) error {
	var given credentials
	if err := c.Bind(&given); err != nil {
		return err
	}
	var (
		id   int64
		hash []byte
	)
	err := s.db.QueryRowContext(c.Request().Context(), "SELECT id, hash FROM users WHERE email = ?", given.Email).Scan(&id, &hash)
	if err != nil && !errors.Is(err, sql.ErrNoRows) {
		return err
	}
	if bcrypt.CompareHashAndPassword(hash, []byte(given.Password)) != nil {
		return echo.ErrUnauthorized
	}
	token, err := jwt.NewWithClaims(jwt.SigningMethodHS256, jwt.RegisteredClaims{
		Subject:   strconv.FormatInt(id, 10),
		ExpiresAt: jwt.NewNumericDate(time.Now().Add(24 * time.Hour)),
	}).SignedString(key)
	if err != nil {
		return err
	}
	c.SetCookie(&http.Cookie{Name: "token", Value: token, Path: "/", HttpOnly: true, SameSite: http.SameSiteLaxMode})
	return c.NoContent(http.StatusOK)
}

func (s server) profile(c echo.Context) error {
	subject, err := c.Get("user").(*jwt.Token).Claims.GetSubject()
	if err != nil {
		return err
	}
	var profile struct {
		ID        string `json:"id"`
		Email     string `json:"email"`
		Name      string `json:"name"`
		CreatedAt string `json:"createdAt"`
	}
	err = s.db.QueryRowContext(c.Request().Context(), "SELECT id, email, name, created_at FROM users WHERE id = ?", subject).
		Scan(&profile.ID, &profile.Email, &profile.Name, &profile.CreatedAt)
	if err != nil {
		return err
	}
	return c.JSON(http.StatusOK, profile)
}
