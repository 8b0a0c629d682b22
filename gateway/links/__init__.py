"""Asks servers whether the links of datasets lead somewhere, within limits.

What others wrote is asked for, so nothing that it says is trusted: only public
addresses are connected to, and the very ones that were looked at (`addresses`);
each exchange ends, however slowly or endlessly a server answers (`exchange`);
redirects are followed by hand and looked at like any other address (`following`);
HEAD is believed where GET would say the same (`looking`); and servers are asked
one link at a time (`checking`).
"""
