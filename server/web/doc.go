// Package web is what all HTTP handlers share: strict binding, problem
// documents, the error handler, cookies, middleware, and authentication of the
// caller. It builds on problem and Echo and knows no feature; the server passes
// in the session look-up as a function.
package web
