package database

import (
	"context"
	"database/sql"
	"iter"
)

// Exec runs a statement and returns how many rows it changed; what names it in
// errors.
func Exec(ctx context.Context, run Runner, what, statement string, args ...any) (int64, error) {
	result, err := run.ExecContext(ctx, statement, args...)
	if err != nil {
		return 0, Fault(what, err)
	}
	changed, err := result.RowsAffected()
	if err != nil {
		return 0, Fault(what, err)
	}
	return changed, nil
}

// All reads the rows of a query, each by scan.
func All[T any](ctx context.Context, run Runner, what string, scan func(*sql.Rows) (T, error), query string, args ...any) (list []T, err error) {
	rows, err := run.QueryContext(ctx, query, args...)
	if err != nil {
		return nil, Fault(what, err)
	}
	defer func() {
		if closeErr := rows.Close(); closeErr != nil && err == nil {
			err = Fault(what, closeErr)
		}
	}()
	for rows.Next() {
		item, err := scan(rows)
		if err != nil {
			return nil, Fault(what, err)
		}
		list = append(list, item)
	}
	if err := rows.Err(); err != nil {
		return nil, Fault(what, err)
	}
	return list, nil
}

// Pages reads a list page by page, so that its length does not matter. page
// returns up to size items after the given one, which is nil at first.
func Pages[T any](size int, page func(after *T) ([]T, error)) iter.Seq2[T, error] {
	return func(yield func(T, error) bool) {
		var after *T
		for {
			items, err := page(after)
			if err != nil {
				var none T
				yield(none, err)
				return
			}
			for _, item := range items {
				if !yield(item, nil) {
					return
				}
			}
			if len(items) < size {
				return
			}
			after = &items[len(items)-1]
		}
	}
}
