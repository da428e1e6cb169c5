package store

import (
	"database/sql/driver"
	"fmt"
	"time"
)

// stamp is a time as columns hold it: milliseconds since 1970. It is read in UTC.
type stamp time.Time

// Value implements driver.Valuer.
func (s stamp) Value() (driver.Value, error) { return time.Time(s).UnixMilli(), nil }

// Scan implements sql.Scanner.
func (s *stamp) Scan(value any) error {
	ms, ok := value.(int64)
	if !ok {
		return fmt.Errorf("%v is no time", value)
	}
	*s = stamp(time.UnixMilli(ms).UTC())
	return nil
}

// stampOrNull is a stamp in a column where NULL stands for the zero time.
type stampOrNull time.Time

// Value implements driver.Valuer.
func (s stampOrNull) Value() (driver.Value, error) {
	if time.Time(s).IsZero() {
		return nil, nil
	}
	return stamp(s).Value()
}

// Scan implements sql.Scanner.
func (s *stampOrNull) Scan(value any) error {
	if value == nil {
		*s = stampOrNull{}
		return nil
	}
	return (*stamp)(s).Scan(value)
}
