<?php

require __DIR__ . '/../vendor/autoload.php';

header('Content-Type: text/plain; charset=utf-8');
echo Example\Greeting\Hello::to(getenv('SLIPWAY_RELEASE') ?: 'none');
