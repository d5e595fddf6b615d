require "socket"
require "example_greeting"

port = Integer(ENV.fetch("PORT", "8080"))
server = TCPServer.new("0.0.0.0", port)
body = "#{greeting}, #{Socket.gethostname}\n"
answer = "HTTP/1.1 200 OK\r\ncontent-type: text/plain; charset=utf-8\r\ncontent-length: #{body.bytesize}\r\nconnection: close\r\n\r\n#{body}"

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
