"""The portal: web and phone, for citizens and firms. Layout, navigation and entry; no rules."""
