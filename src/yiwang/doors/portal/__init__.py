"""The portal: web and phone, for citizens and firms. Layout, navigation and entry; no rules.

It begins with a search and with what people come for, and leads into the rooms' own ``portal`` pages. Every page works
without script, on a phone, in large print, and in Chinese and English; who is signed in, and for whom they act, is always
in sight.
"""
