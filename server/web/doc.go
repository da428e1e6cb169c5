// Package web is what every HTTP answer of Lychgate shares: strict binding,
// problem documents, the error handler, cookies, the middleware around all
// requests, and the one question "who is calling". It leans on problem and
// Echo; it knows no feature, so the server hands it the session look-up as a
// function.
package web
