<?php

namespace Example;

class Greeting
{
    public function text(): string
    {
        return getenv('GREETING') ?: 'Hello from PHP';
    }
}
