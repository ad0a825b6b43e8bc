// The behaviours of every signed-in page; each is one file and works by delegation, so that swapped parts need no set-up.
import "./swap.js";
import "./forms.js";
import "./menus.js";
import "./dialogs.js";
import "./keys.js";
import "./list.js";
import "./composer.js";
import "./drafts.js";
import "./countdown.js";
import "./presence.js";
import "./span.js";
import "./times.js";
import "./toasts.js";
import "./palette.js";
import "./theme.js";
import "./news.js";
import "./live.js";
