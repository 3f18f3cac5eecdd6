// The firmware container: what is packed comes back; anything altered, cut or foreign is refused.
import assert from 'node:assert/strict';
import fc from 'fast-check';
import { FirmwareError, packFirmware, unpackFirmware } from '../../shared/firmware.ts';

const label = fc.stringMatching(/^[\x20-\x7e]{1,64}$/);
const bytes = fc.uint8Array({ maxLength: 300 }).map(array => Buffer.from(array));

describe('firmware container', () => {
  it('unpacks a packed image unchanged', () => {
    fc.assert(
      fc.property(label, label, bytes, (product, version, payload) => {
        const image = unpackFirmware(packFirmware({ product, version, payload }));
        assert.equal(image.product, product);
        assert.equal(image.version, version);
        assert.deepEqual(Buffer.from(image.payload), payload);
      }),
    );
  });

  it('refuses an image with any bit flipped', () => {
    fc.assert(
      fc.property(label, bytes, fc.nat(), fc.nat(7), (product, payload, at, bit) => {
        const packed = packFirmware({ product, version: '48.5.2718', payload });
        const position = at % packed.length;
        packed[position] = packed[position]! ^ (1 << bit);
        assert.throws(() => unpackFirmware(packed), FirmwareError);
      }),
    );
  });

  it('refuses an image cut anywhere or with bytes appended', () => {
    const packed = packFirmware({ product: '4102S', version: '48.5.2718', payload: Buffer.from('payload') });
    for (let length = 0; length < packed.length; length++) {
      assert.throws(() => unpackFirmware(packed.subarray(0, length)), FirmwareError);
    }
    assert.throws(() => unpackFirmware(Buffer.concat([packed, Buffer.from('x')])), /too many/);
  });

  it('refuses foreign bytes and never throws anything else', () => {
    fc.assert(
      fc.property(bytes, junk => {
        for (const input of [junk, Buffer.concat([Buffer.from('TANDEMFW'), junk])]) {
          assert.throws(() => unpackFirmware(input), FirmwareError);
        }
      }),
    );
  });

  it('refuses to pack a product or version that is empty, long or not printable', () => {
    for (const product of ['', 'a'.repeat(65), 'a\nb', 'é']) {
      assert.throws(() => packFirmware({ product, version: '1', payload: Buffer.alloc(0) }), FirmwareError);
    }
  });
});
