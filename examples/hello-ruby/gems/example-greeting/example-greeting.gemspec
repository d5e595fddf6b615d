Gem::Specification.new do |spec|
  spec.name = "example-greeting"
  spec.version = "1.0.0"
  spec.summary = "What the example says"
  spec.authors = ["JDOS"]
  spec.files = ["lib/example_greeting.rb"]
end
