// The script export as a property: whatever was set, the script makes the same unit of a fresh one, and changes nothing when run again.
import assert from 'node:assert/strict';
import type { Gateway } from '../../../cpe/gateway.ts';
import { type Random, seededRandom } from '../../../shared/clock.ts';
import { CwmpFault } from '../../../shared/cwmp/faults.ts';
import type { ParameterDef } from '../../../shared/model/definitions.ts';
import { Gateways, SCRIPT, set } from '../../support/cpe/gateways.ts';

const EXPORT = '1 Vendor Configuration File';

/** Services whose settings decide which scripts are read, or that other tests start on ports. */
const LEFT_OUT = /^(Conf|Cwmp|Cli|Snmp|Web|Stun)\./;

function randomValue({ enumeration, type, ranges, min, max, maxLength }: ParameterDef, random: Random): string {
  if (enumeration) return enumeration[random.int(0, enumeration.length - 1)]?.label ?? '';
  if (type === 'boolean') return String(random.int(0, 1));
  if (type !== 'string') {
    const from = Number(ranges?.[0]?.min ?? min ?? 0);
    return String(random.int(from, Math.min(Number(ranges?.[0]?.max ?? max ?? 1000), from + 1000)));
  }
  const letters = ['a', 'B', '7', ' ', '"', '\\', '\n', '#', '=', '[', ']', '%', 'é', ';'];
  const text = Array.from({ length: random.int(0, 8) }, () => letters[random.int(0, letters.length - 1)]).join('');
  return text.slice(0, maxLength ?? 8);
}

/** Sets what can be set of some parameters. @returns how many were taken */
async function setSome({ device }: Gateway, random: Random): Promise<number> {
  const { model, config } = device;
  const writable = [...model.parameters.values()].filter(
    def => def.writable && !def.rowCommand && def.script !== undefined && !LEFT_OUT.test(def.script),
  );
  let taken = 0;
  for (let tries = 0; tries < 120; tries++) {
    const def = writable[random.int(0, writable.length - 1)];
    if (!def) continue;
    const name = def.path.replaceAll('{i}', String(random.int(1, 3)));
    try {
      await config.set([{ name, value: randomValue(def, random) }], 'acs');
      taken++;
    } catch (error) {
      // The value, or the row, is none that this unit has.
      if (!(error instanceof CwmpFault)) throw error;
    }
  }
  return taken;
}

describe('script export', () => {
  let on: Gateways;
  beforeEach(async () => {
    on = await Gateways.open();
  });
  afterEach(() => on.close());
  const all = async (gateway: Gateway): Promise<string> => {
    await set(gateway, { 'Conf.ScriptExportContent': 'AllConfig' });
    return exported(gateway);
  };
  const exported = async ({ device }: Gateway): Promise<string> => (await device.export(EXPORT)).toString();

  for (const seed of [1, 2, 3, 4]) {
    it(`makes the same unit of a fresh one, and again of itself (seed ${seed})`, async () => {
      const quiet = { parameters: { 'Scm.ServicesConfig[Name=SipEp].StartupType': 'Manual' }, certificates: [] };
      const first = await on.up({ profile: quiet });
      assert.ok((await setSome(first, seededRandom(seed))) > 40);
      await first.device.install(SCRIPT, Buffer.from('SipEp.InsertGateway Name="x y"\nNlm.InsertEvent\n'), '');
      const script = await exported(first);
      const second = await on.up({ profile: quiet });
      await second.device.install(SCRIPT, Buffer.from(script), '');
      assert.equal(await exported(second), script);
      await second.device.install(SCRIPT, Buffer.from(script), '');
      assert.equal(await exported(second), script);
      const everything = await Promise.all([first, second].map(all));
      assert.equal(everything[1], everything[0]);
    });
  }
});
