use strict;
use warnings;
use IO::Socket::INET;
use Sys::Hostname;

$| = 1;
$SIG{TERM} = sub { exit 0 };
$SIG{CHLD} = "IGNORE";

my $port = $ENV{PORT} // 8080;
my $body = ($ENV{GREETING} // "Hello from a Procfile") . ", " . hostname() . "\n";
my $answer = "HTTP/1.1 200 OK\r\ncontent-type: text/plain\r\ncontent-length: " . length($body) . "\r\nconnection: close\r\n\r\n$body";
my $server = IO::Socket::INET->new(LocalAddr => "0.0.0.0", LocalPort => $port, Listen => 64, ReuseAddr => 1)
  or die "cannot listen on port $port: $!";
print "listening on port $port\n";

while (1) {
  my $client = $server->accept or next;
  if (fork() == 0) {
    while (defined(my $line = <$client>)) { last if $line eq "\r\n" }
    print $client $answer;
    exit 0;
  }
  close $client;
}
