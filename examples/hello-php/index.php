<?php

require __DIR__ . '/vendor/autoload.php';

header('content-type: text/plain; charset=utf-8');
echo (new Example\Greeting())->text(), ', ', Example\Host\Host::name(), "\n";
