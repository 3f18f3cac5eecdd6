// File transfers of a unit that loses power at any instant.
import assert from 'node:assert/strict';
import { cp, mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { informResponse } from '../../support/cpe/scripted-acs.ts';
import { download, file, firmware, IMAGE, TransferWorld } from '../../support/cpe/transfer-world.ts';

describe('file transfers (TR-069 A.3.2.8, 3.4.3)', () => {
  let on: TransferWorld;
  beforeEach(async () => {
    on = await TransferWorld.open();
  });
  afterEach(() => on.close());

  describe('power cuts', () => {
    it('starts the fetch again after a cut before or during it, and reports once', async () => {
      on.files.play({ silent: true }, file(firmware()));
      await on.start([download({ URL: on.files.url, FileType: IMAGE })]);
      await on.files.until(1);
      await on.unit.gateway.powerOff();
      assert.equal(on.unit.device.state.facts.transfers[0]?.state, 'running');
      await on.unit.boot();
      await on.done();
      assert.equal(on.unit.device.softwareVersion, '49.0.2809');
      assert.equal(on.completes().length, 1);
      assert.equal(on.files.heard.length, 2);
    });

    it('makes one upgrade and one TransferComplete after a cut at any instant', async () => {
      const home = await mkdtemp(join(tmpdir(), 'unit-'));
      const stateDir = join(home, 'live');
      // A copy after each durable write: the state that a power cut at that instant leaves.
      const images: string[] = [];
      const photograph = async (): Promise<void> => {
        const name = join(home, String(images.length).padStart(3, '0'));
        await cp(stateDir, name, { recursive: true });
        images.push(name);
      };
      on.files.always(file(firmware()));
      on.acs.play(informResponse(), download({ URL: on.files.url, FileType: IMAGE }));
      await on.make({ stateDir });
      const { state } = on.unit.gateway.device;
      type Write = (...args: unknown[]) => Promise<void>;
      const photographed =
        (write: Write): Write =>
        async (...args) => {
          await write(...args);
          await photograph();
        };
      for (const name of ['record', 'remember'] as const) {
        Object.assign(state, { [name]: photographed(state[name].bind(state) as Write) });
      }
      for (const name of ['put', 'drop'] as const) {
        Object.assign(state.persist, { [name]: photographed(state.persist[name].bind(state.persist) as Write) });
      }
      await on.unit.boot();
      await on.done();
      await on.unit.close();
      assert.ok(images.length > 8, `${images.length} writes`);
      for (const [at, image] of images.entries()) {
        const before = on.completes().length;
        const told = on.informs();
        await on.make({ stateDir: image });
        const owed = on.unit.device.state.facts.transfers.length;
        const old = on.unit.device.softwareVersion;
        await on.unit.boot();
        if (owed === 1) await on.done(before + 1, told);
        else await on.unit.ended(1);
        await on.unit.clock.advance(3_600_000);
        assert.equal(on.completes().length, before + owed, `cut after write ${at}`);
        assert.equal(on.unit.device.softwareVersion, owed === 1 ? '49.0.2809' : old, `cut after write ${at}`);
        if (owed === 1) assert.equal(on.completes().at(-1)?.FaultStruct.FaultCode, 0);
        await on.unit.close();
      }
      await rm(home, { recursive: true });
    });

    it('applies a script exactly once after a cut at any instant', async () => {
      const home = await mkdtemp(join(tmpdir(), 'unit-'));
      const stateDir = join(home, 'live');
      const images: string[] = [];
      const ROWS = 'Device.X_0090F8_SipEp.Gateway.';
      const rows = (): number => on.unit.device.config.names(ROWS, true).length;
      on.files.always(
        file('SipEp.InsertGateway Name=a\nCwmp.PeriodicInformInterval=1234\nSipEp.InsertGateway Name=b\n'),
      );
      on.acs.play(informResponse(), download({ URL: on.files.url }));
      await on.make({ stateDir });
      const before = rows();
      // A copy before and after every call that may write: the state that a power cut at that instant leaves.
      const { device } = on.unit.gateway;
      const photograph = async (): Promise<void> => {
        const name = join(home, String(images.length).padStart(3, '0'));
        await cp(stateDir, name, { recursive: true });
        images.push(name);
      };
      const photographed = (target: object, ...names: string[]): void => {
        const methods = target as Record<string, (...args: unknown[]) => Promise<unknown>>;
        for (const name of names) {
          const write = methods[name]?.bind(target);
          Object.assign(target, {
            [name]: async (...args: unknown[]) => {
              await photograph();
              const result = await write?.(...args);
              await photograph();
              return result;
            },
          });
        }
      };
      photographed(device.state, 'record', 'remember', 'together');
      photographed(device.state.persist, 'put', 'drop');
      photographed(device.config, 'set', 'insert');
      await on.unit.boot();
      assert.equal((await on.done())?.FaultStruct.FaultCode, 0);
      assert.equal(rows(), before + 2);
      await on.unit.close();
      assert.ok(images.length > 15, `${images.length} images`);
      let rerun = 0;
      for (const [at, image] of images.entries()) {
        await on.make({ stateDir: image });
        const [count, told] = [on.completes().length, on.informs()];
        const owed = on.unit.device.state.facts.transfers.length;
        if (owed === 1 && rows() === before) rerun++;
        await on.unit.boot();
        if (owed === 1) await on.done(count + 1, told);
        const has = rows();
        assert.ok(
          has === before + 2 || (owed === 0 && has === before),
          `cut at instant ${at} left ${has - before} rows`,
        );
        assert.equal(on.completes().length, count + owed);
        await on.unit.close();
      }
      assert.ok(rerun > 3, 'some cuts came before the script had its effect');
      await rm(home, { recursive: true });
    });
  });
});
