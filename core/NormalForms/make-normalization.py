"""Writes normalization.bin, what Normalization.cs reads, from the Unicode character database that comes with Python 3.

Two lists, each with its count first, of code points in order: combining classes, then decompositions. Numbers are LEB128, code points are
given as the distance from the one before. A decomposition's head is length * 4, + 2 for a compatibility one, + 1 for one that is never composed again.
"""
import os
import unicodedata


def number(value):
    out = bytearray()
    while value >= 0x80:
        out.append(value & 0x7F | 0x80)
        value >>= 7
    out.append(value)
    return bytes(out)


def listed(items):
    out, last = bytearray(number(len(items))), 0
    for point, body in items:
        out += number(point - last) + body
        last = point
    return bytes(out)


def decomposition(point):
    words = unicodedata.decomposition(chr(point)).split()
    compatible = bool(words) and words[0].startswith('<')
    parts = [int(word, 16) for word in words[compatible:]]
    excluded = unicodedata.normalize('NFC', chr(point)) != chr(point)
    return number(len(parts) * 4 + compatible * 2 + excluded) + b''.join(map(number, parts))


points = range(0x110000)
classes = [(point, number(unicodedata.combining(chr(point)))) for point in points if unicodedata.combining(chr(point))]
decompositions = [(point, decomposition(point)) for point in points if unicodedata.decomposition(chr(point))]
with open(os.path.join(os.path.dirname(os.path.abspath(__file__)), 'normalization.bin'), 'wb') as table:
    table.write(listed(classes) + listed(decompositions))
print(f'Unicode {unicodedata.unidata_version}: {len(classes)} classes, {len(decompositions)} decompositions')
