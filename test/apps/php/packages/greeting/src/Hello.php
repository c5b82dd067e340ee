<?php

namespace Example\Greeting;

final class Hello
{
    public static function to(string $release): string
    {
        return "hello from php, release $release\n";
    }
}
