// Package greeting is a dependency that comes along in the source.
package greeting

// Text is what the example says.
func Text() string { return "Hello from Go" }
