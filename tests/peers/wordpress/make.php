<?php
// Makes the database, the site and its accounts; prints their application passwords, as JSON in the last line.
[, $socket] = explode(':', getenv('SITE_DATABASE'), 2);
$server = new mysqli('localhost', 'root', '', '', 0, $socket);
$server->query('CREATE DATABASE wordpress CHARACTER SET utf8mb4');

define('WP_INSTALLING', true);
$_SERVER['HTTP_HOST'] = parse_url(getenv('SITE_URL'), PHP_URL_HOST) . ':' . parse_url(getenv('SITE_URL'), PHP_URL_PORT);
$_SERVER['SERVER_PROTOCOL'] = 'HTTP/1.1';
require getenv('SITE_ROOT') . 'wp-config.php';
require_once ABSPATH . 'wp-admin/includes/upgrade.php';
wp_install('Garden', 'owner', 'owner@brand.test', true, '', wp_generate_password());

// Addresses that speak are what nearly every site has.
$GLOBALS['wp_rewrite']->set_permalink_structure('/%postname%/');
$passwords = [];
foreach (['brand' => 'editor', 'fan' => 'subscriber'] as $name => $role) {
    $account = wp_insert_user([
        'user_login' => $name, 'user_pass' => wp_generate_password(), 'user_email' => "$name@mail.test", 'role' => $role,
    ]);
    [$passwords[$name]] = WP_Application_Passwords::create_new_application_password($account, ['name' => 'Tests']);
}
// A new site greets itself with a comment, which is of nobody.
wp_delete_comment(1, true);
echo "\n" . json_encode($passwords) . "\n";
