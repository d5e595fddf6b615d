require "socket"
require "example_greeting"
require "example_http"

port = Integer(ENV.fetch("PORT", "8080"))
server = TCPServer.new("0.0.0.0", port)
answer = ExampleHttp.answer("#{greeting}, #{Socket.gethostname}\n")

trap("TERM") { exit }
$stdout.sync = true
puts "listening on port #{port}"

loop do
  Thread.new(server.accept) do |client|
    while (line = client.gets) && line != "\r\n"
    end
    client.write(answer)
  ensure
    client.close
  end
end
