<?php
// The settings of a test site, all from the environment, so that one unpacked WordPress serves every run.
define('DB_NAME', 'wordpress');
define('DB_USER', 'root');
define('DB_PASSWORD', '');
define('DB_HOST', getenv('SITE_DATABASE'));
define('DB_CHARSET', 'utf8mb4');
define('WP_HOME', getenv('SITE_URL'));
define('WP_SITEURL', getenv('SITE_URL'));
// Without https, application passwords exist on local sites only.
define('WP_ENVIRONMENT_TYPE', 'local');
define('WP_HTTP_BLOCK_EXTERNAL', true);
define('DISABLE_WP_CRON', true);
define('AUTOMATIC_UPDATER_DISABLED', true);
foreach (['AUTH', 'SECURE_AUTH', 'LOGGED_IN', 'NONCE'] as $name) {
    define($name . '_KEY', 'made-for-tests-' . $name);
    define($name . '_SALT', 'also-made-for-tests-' . $name);
}
$table_prefix = 'wp_';
defined('ABSPATH') || define('ABSPATH', getenv('SITE_ROOT'));
require_once ABSPATH . 'wp-settings.php';
// People answer each other within seconds here.
add_filter('wp_is_comment_flood', '__return_false', 99);
