// Pages before signing in need no more than this.
import "./times.js";
import "./toasts.js";
