<?php

namespace Example\Host;

class Host
{
    public static function name(): string
    {
        return (string) gethostname();
    }
}
