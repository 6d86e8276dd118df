"""The licence as OFD (GB/T 33190, as GB/T 36905 asks of e-licences), written by us: no library without AGPL does it.

``face`` reads what Typst drew out of its PDF (so that both files have one face), ``fonts`` makes the fonts in it stand
alone, ``package`` writes the parts, ``seal`` and ``signing`` the electronic seal (GB/T 38540: SM2, SM3).
"""
