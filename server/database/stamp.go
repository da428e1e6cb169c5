package database

import (
	"database/sql/driver"
	"fmt"
	"time"
)

// Stamp is a stored time: milliseconds since 1970, read in UTC.
type Stamp time.Time

// Value implements driver.Valuer.
func (s Stamp) Value() (driver.Value, error) { return time.Time(s).UnixMilli(), nil }

// Scan implements sql.Scanner.
func (s *Stamp) Scan(value any) error {
	ms, ok := value.(int64)
	if !ok {
		return fmt.Errorf("%v is not a time", value)
	}
	*s = Stamp(time.UnixMilli(ms).UTC())
	return nil
}

// StampOrNull is a Stamp in a column where NULL stands for the zero time.
type StampOrNull time.Time

// Value implements driver.Valuer.
func (s StampOrNull) Value() (driver.Value, error) {
	if time.Time(s).IsZero() {
		return nil, nil
	}
	return Stamp(s).Value()
}

// Scan implements sql.Scanner.
func (s *StampOrNull) Scan(value any) error {
	if value == nil {
		*s = StampOrNull{}
		return nil
	}
	return (*Stamp)(s).Scan(value)
}
