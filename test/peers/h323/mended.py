"""Mends the packed encoding of pycrate, for the scripts that import it."""
from pycrate_asn1rt.codecs import ASN1CodecPER

encode_open = ASN1CodecPER.encode_unconst_open.__func__


def encode_addition(codec, wrapped):
    """Additions of a sequence begin on an octet. pycrate 0.8.1 aligns them before it has counted the bits of their bitmap,
    and again after it: an octet too many, which tshark calls malformed."""
    parent = wrapped._parent
    if parent is None or parent.TYPE != 'SEQUENCE' or wrapped._name not in (parent._ext or []):
        return encode_open(codec, wrapped)
    offset = codec._off[-1]
    codec._off[-1] = 0
    try:
        return encode_open(codec, wrapped)
    finally:
        codec._off[-1] = offset


ASN1CodecPER.encode_unconst_open = classmethod(encode_addition)
