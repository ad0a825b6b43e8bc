<?php
// Changes one setting of the site: its name, then its value.
$_SERVER['HTTP_HOST'] = parse_url(getenv('SITE_URL'), PHP_URL_HOST) . ':' . parse_url(getenv('SITE_URL'), PHP_URL_PORT);
$_SERVER['SERVER_PROTOCOL'] = 'HTTP/1.1';
require getenv('SITE_ROOT') . 'wp-config.php';
update_option($argv[1], $argv[2]);
