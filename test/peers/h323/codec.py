# pycrate as the other codec of H.225.0: one request a line on stdin, one answer a line on stdout, both JSON.
#   {"type": "RasMessage", "message": "registrationRequest", "seed": 7}  makes a random message: {"hex": ..., "value": ...}
#   {"type": "RasMessage", "hex": "..."}                                 decodes it and encodes it again: {"hex": ..., "value": ...}
# Values are written as the TypeScript side writes them: octets in hex, large integers in decimal, a choice as its name or an object.
import json
import random
import sys

import mended  # noqa: F401
from pycrate_asn1dir import H225

modules = {
    'H323-MESSAGES': H225.H323_MESSAGES,
    'H235-SECURITY-MESSAGES': H225.H235_SECURITY_MESSAGES,
    'MULTIMEDIA-SYSTEM-CONTROL': H225.MULTIMEDIA_SYSTEM_CONTROL,
}
DEEPEST = 9
# Alternatives that contain their own type again: pycrate 0.8.1 mixes up the values of the two.
RECURSIVE = {'compound', 'nested'}

def bounds(constraint, most):
    """The least and the greatest permitted value; greatest is limited where there is none."""
    if constraint is None:
        return 0, most
    numbers = [n for n in constraint._rv if isinstance(n, int)]
    numbers += [n for r in constraint._rr for n in (r.lb, r.ub)]
    return min(numbers), max(numbers)


def small(rng, low, high):
    """A length: mostly short, sometimes one of the bounds."""
    pick = rng.random()
    if pick < 0.1:
        return low
    if pick < 0.13:
        return high
    return rng.randint(low, min(high, low + 12))


def characters(rng, kind, length):
    alphabet = kind._const_alpha
    if alphabet is not None:
        letters = sorted(alphabet._rv)
    elif kind.TYPE == 'BMPString':
        letters = ['a', 'Z', '0', ' ', '\u00e9', '\u4e2d', '\uffee']
    else:
        letters = list('azAZ09 .:-')
    return ''.join(rng.choice(letters) for _ in range(length))


def integer(rng, kind):
    if kind._const_val is None:
        return rng.choice([0, 1, -1, 127, 128, -128, -129, rng.getrandbits(32), -rng.getrandbits(63)])
    low, high = bounds(kind._const_val, 0)
    return rng.choice([low, high, rng.randint(low, high), min(high, low + rng.randint(0, 300))])


def make(rng, kind, depth):
    """A random value of a type, in pycrate's form."""
    name = kind.TYPE
    if name == 'SEQUENCE':
        return sequence(rng, kind, depth)
    if name == 'CHOICE':
        return alternative(rng, kind, depth)
    if name == 'SEQUENCE OF':
        low, high = bounds(kind._const_sz, 4)
        count = low if depth > DEEPEST else rng.randint(low, min(high, low + 2))
        return [make(rng, kind._cont, depth + 1) for _ in range(count)]
    if name == 'BOOLEAN':
        return rng.random() < 0.5
    if name == 'NULL':
        return 0
    if name == 'INTEGER':
        return integer(rng, kind)
    if name == 'ENUMERATED':
        return rng.choice(list(kind._cont))
    if name == 'OBJECT IDENTIFIER':
        return (2, rng.choice([5, 16, 39, 47, 840]), *(rng.choice([0, 8, 127, 128, 2250, 2**33]) for _ in range(rng.randint(1, 5))))
    if name == 'OCTET STRING':
        return rng.randbytes(small(rng, *bounds(kind._const_sz, 300)))
    if name == 'BIT STRING':
        length = small(rng, *bounds(kind._const_sz, 300))
        return (rng.getrandbits(length) if length else 0, length)
    if name.startswith('OPEN'):
        return ('_unk_004', rng.randbytes(rng.randint(1, 40)))
    return characters(rng, kind, small(rng, *bounds(kind._const_sz, 40)))


def sequence(rng, kind, depth):
    value = {}
    additions = set(kind._ext or [])
    extended = depth <= DEEPEST and rng.random() < 0.4
    for name, part in kind._cont.items():
        wanted = not part._opt
        if name in additions:
            wanted = extended and (wanted or rng.random() < 0.25)
        elif part._opt:
            wanted = depth <= DEEPEST and rng.random() < 0.4
        if wanted:
            value[name] = make(rng, part, depth + 1)
    return value


def alternative(rng, kind, depth):
    names = [name for name in kind._cont if name not in RECURSIVE]
    flat = [n for n in names if kind._cont[n].TYPE not in ('SEQUENCE', 'CHOICE', 'SEQUENCE OF')]
    name = rng.choice(flat if depth > DEEPEST and flat else names)
    return (name, make(rng, kind._cont[name], depth + 1))


def plain(kind, value):
    """A value as JSON; `null` for what has no form on the other side."""
    name = kind.TYPE
    if name == 'SEQUENCE':
        return {key: plain(kind._cont[key], part) for key, part in value.items() if not key.startswith('_')}
    if name == 'CHOICE':
        chosen, content = value
        return chosen if kind._cont[chosen].TYPE == 'NULL' else {chosen: plain(kind._cont[chosen], content)}
    if name == 'SEQUENCE OF':
        return [plain(kind._cont, item) for item in value]
    if name == 'NULL':
        return None
    if name == 'INTEGER' and kind._const_val is None:
        return str(value)
    if name == 'OBJECT IDENTIFIER':
        return '.'.join(str(arc) for arc in value)
    if name == 'OCTET STRING':
        return value.hex()
    if name == 'BIT STRING':
        number, length = value
        octets = (length + 7) // 8
        return {'length': length, 'bytes': (number << (octets * 8 - length)).to_bytes(octets, 'big').hex()}
    if name.startswith('OPEN'):
        return None
    return value


def answer(request):
    kind = getattr(modules['H323-MESSAGES'], request['type'].replace('-', '_'))
    if 'hex' in request:
        kind.from_aper(bytes.fromhex(request['hex']))
    else:
        rng = random.Random(request['seed'])
        kind.set_val(random_message(rng, kind, request['message']))
    return {'hex': kind.to_aper().hex(), 'value': plain(kind, kind.get_val())}


def random_message(rng, kind, message):
    """With the message of that name: an alternative of RAS, or a body of call signalling."""
    if kind.TYPE == 'CHOICE':
        return (message, make(rng, kind._cont[message], 0))
    value = make(rng, kind, 0)
    body = kind._cont['h323-uu-pdu']._cont['h323-message-body']
    value['h323-uu-pdu']['h323-message-body'] = (message, make(rng, body._cont[message], 2))
    return value


def attempt(line):
    try:
        return answer(json.loads(line))
    except Exception as problem:
        return {'problem': f'{type(problem).__name__}: {problem}'}


for line in sys.stdin:
    print(json.dumps(attempt(line)), flush=True)
