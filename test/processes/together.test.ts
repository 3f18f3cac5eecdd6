// The ACS and a gateway as two processes, as the README runs them; and both killed in the midst of an upgrade.
import assert from 'node:assert/strict';
import { mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { decodeEnvelope } from '../../shared/cwmp/soap.ts';
import { packFirmware } from '../../shared/firmware.ts';
import { eventually } from '../support/eventually.ts';
import { openWire, type Wire } from '../support/processes/faulty-proxy.ts';
import { endPrograms, type Line, type Program, program } from '../support/processes/process.ts';

const serial = '0090F8000001';
const id = `0090F8-4102S-${serial}`;

describe('ACS and gateway as processes', function () {
  this.timeout(90_000);
  let folder: string;
  let wire: Wire | undefined;
  const path = (...names: string[]): string => join(folder, ...names);
  beforeEach(async () => {
    folder = await mkdtemp(join(tmpdir(), 'tandem-together-'));
  });
  afterEach(async () => {
    await endPrograms();
    await wire?.close();
    wire = undefined;
    await rm(folder, { recursive: true, force: true });
  });

  const startAcs = async (...args: string[]): Promise<{ acs: Program; ready: Line; url: string; port: number }> => {
    const acs = program('acs/main.ts', ['--data', path('data'), '--api', 'http://127.0.0.1:0', ...args]);
    const ready = await acs.ready();
    const url = (ready.cwmp as string[])[0] ?? '';
    return { acs, ready, url, port: Number(new URL(url).port) };
  };
  const unit = (...args: string[]): Program => program('cpe/main.ts', ['run', '--serial', serial, ...args]);
  const call = async (ready: Line, method: string, where: string, body?: object | Buffer): Promise<Response> => {
    const token = (await readFile(path('data', 'admin-token'), 'utf8')).trim();
    const answer = await fetch(`${ready.api}/api/v1${where}`, {
      method,
      headers: { authorization: `Bearer ${token}` },
      ...(body === undefined ? {} : { body: Buffer.isBuffer(body) ? new Uint8Array(body) : JSON.stringify(body) }),
    });
    assert.ok(answer.ok, `${method} ${where}: ${answer.status} ${answer.ok ? '' : await answer.text()}`);
    return answer;
  };
  const read = async (ready: Line, where: string): Promise<Record<string, unknown>> =>
    (await (await call(ready, 'GET', where)).json()) as Record<string, unknown>;

  it('completes a session over HTTPS with the enrolment credential and exits 0', async () => {
    await writeFile(path('enrol-secret'), 'enrol:a-shared-secret\n');
    const { acs, ready, url } = await startAcs(
      ...['--cwmp', 'https://127.0.0.1:0', '--enrol', 'auto', '--enrol-secret', path('enrol-secret')],
    );
    const ca = String(ready.ca);
    const login = ['--username', 'enrol', '--password', 'a-shared-secret'];
    const cpe = await unit('--acs', url, '--ca', ca, ...login, '--once').ended;
    assert.equal(cpe.code, 0, cpe.out + cpe.err);
    const device = await read(ready, `/devices/${id}`);
    assert.deepEqual([device.state, device.online, device.serialNumber], ['enrolled', true, serial]);

    const wrong = await unit('--acs', url, '--ca', ca, '--username', 'enrol', '--password', 'guess', '--once').ended;
    assert.equal(wrong.code, 1);
    assert.match(wrong.out, /refuses the credentials|401|credential/i);
    assert.equal((await acs.stop()).code, 0);
    assert.doesNotMatch(acs.text() + cpe.out, /a-shared-secret/);
  });

  it('completes a session in clear where that is asked for by name', async () => {
    const { acs, ready, url } = await startAcs('--cwmp', 'http://127.0.0.1:0', '--cpe-auth', 'none', '--enrol', 'auto');
    const cpe = await unit('--acs', url, '--once').ended;
    assert.equal(cpe.code, 0, cpe.out + cpe.err);
    assert.equal((await read(ready, `/devices/${id}`)).state, 'enrolled');
    assert.equal((await acs.stop()).code, 0);
  });

  it('exits 1 with the reason where the gateway lacks the CA or has another one', async () => {
    const { ready, url } = await startAcs('--cwmp', 'https://127.0.0.1:0', '--enrol', 'auto', '--cpe-auth', 'none');
    const without = await unit('--acs', url, '--once').ended;
    assert.equal(without.code, 1);
    assert.match(without.out, /no-ca|issuer|CA/);
    await assert.rejects(read(ready, `/devices/${id}`), /404/);
  });

  describe('an upgrade in which programs are killed', () => {
    const version = '49.2.2941';
    const image = packFirmware({ product: '4102S', version, payload: Buffer.alloc(4_000_000, 7) });
    const secret = (): string => path('enrol-secret');
    const acsArgs = (): string[] => ['--cwmp', 'http://127.0.0.1:0', '--enrol', 'auto', '--enrol-secret', secret()];
    let port: number;
    const startUnit = (run: string): Program =>
      unit('--acs', `http://127.0.0.1:${port}`, '--login', secret(), '--state', path('state'), '--wire', path(run));

    /** The body of an envelope; undefined where the program is still writing it, or was killed while it did. */
    const bodyOf = (xml: string) => (xml.endsWith('Envelope>') ? decodeEnvelope(xml).body : undefined);

    /** Every envelope of a kind that the units of this test sent or got. */
    const onWire = async (from: 'cpe' | 'acs', kind: string, method: string): Promise<Record<string, unknown>[]> => {
      const found: Record<string, unknown>[] = [];
      for (const run of (await readdir(folder)).filter(name => name.startsWith('wire'))) {
        for (const file of (await readdir(path(run))).filter(name => name.endsWith(`-${from}.xml`))) {
          const body = bodyOf(await readFile(path(run, file), 'utf8'));
          if (body?.kind === kind && 'method' in body && body.method === method)
            found.push(('args' in body ? body.args : {}) as Record<string, unknown>);
        }
      }
      return found;
    };

    /** An ACS and a gateway that are done with each other; the image stored. */
    const begin = async (): Promise<{ acs: Program; ready: Line; cpe: Program }> => {
      await writeFile(secret(), 'enrol:a-shared-secret\n');
      const { acs, ready, port: there } = await startAcs(...acsArgs());
      wire = await openWire(there);
      port = wire.port;
      const cpe = startUnit('wire1');
      await cpe.ready();
      await acs.line(line => line.msg === 'device session ended' && line.device === id);
      await call(ready, 'PUT', `/files/new.bin?type=firmware&version=${version}`, image);
      return { acs, ready, cpe };
    };
    const order = async (ready: Line, args: object = {}): Promise<string> => {
      const task = (await (
        await call(ready, 'POST', `/devices/${id}/tasks`, { method: 'Download', file: 'new.bin', args })
      ).json()) as { id: string };
      await call(ready, 'POST', `/devices/${id}/connection-request`);
      return task.id;
    };
    const stateOf = async (ready: Line, task: string): Promise<unknown> => (await read(ready, `/tasks/${task}`)).state;

    /** The upgrade ended, once. */
    const endedOnce = async (ready: Line, task: string): Promise<void> => {
      await eventually('the task is done', async () => (await stateOf(ready, task)) === 'done', 25_000);
      await eventually(
        'the device runs the image',
        async () => (await read(ready, `/devices/${id}`)).softwareVersion === version,
      );
      const { items } = (await read(ready, `/tasks?device=${id}`)) as { items: { method: string }[] };
      assert.equal(items.filter(each => each.method === 'Download').length, 1);
      assert.equal((await onWire('acs', 'request', 'Download')).length, 1, 'it was asked for once');
      const told = await onWire('cpe', 'request', 'TransferComplete');
      assert.ok(told.length >= 1);
      for (const args of told) assert.equal((args.FaultStruct as { FaultCode: number }).FaultCode, 0);
      const boots = (await onWire('cpe', 'request', 'Inform')).filter(args =>
        (args.Event as { EventCode: string; CommandKey: string }[]).some(event => event.EventCode === 'M Download'),
      );
      assert.ok(boots.length >= 1);
      assert.deepEqual((await read(ready, `/devices/${id}`)).faults, []);
    };

    it('starts again and ends once where both are killed half-way through the transfer', async () => {
      const { acs, ready, cpe } = await begin();
      const halfWay = wire!.hold('down', 2_000_000);
      const task = await order(ready);
      await halfWay;
      assert.equal(await stateOf(ready, task), 'waiting');
      await Promise.all([acs.stop('SIGKILL'), cpe.stop('SIGKILL')]);
      wire!.cut();
      wire!.release();

      const again = await startAcs(...acsArgs());
      wire!.target = again.port;
      assert.equal(await stateOf(again.ready, task), 'waiting', 'nothing was lost');
      const restarted = startUnit('wire2');
      await endedOnce(again.ready, task);
      const installed = [...cpe.lines, ...restarted.lines].filter(line => /firmware/i.test(String(line.msg)));
      assert.equal(installed.length, 1, JSON.stringify(installed));
      assert.equal((await restarted.stop()).code, 0);
      assert.equal((await again.acs.stop()).code, 0);
    });

    it('is not ordered again where the ACS is killed once the request is out', async () => {
      const { acs, ready, cpe } = await begin();
      const task = await order(ready);
      await eventually('the gateway got it', async () => (await onWire('acs', 'request', 'Download')).length > 0);
      await acs.stop('SIGKILL');
      wire!.cut();
      const again = await startAcs(...acsArgs());
      wire!.target = again.port;
      assert.match(String(await stateOf(again.ready, task)), /^(sent|waiting)$/);
      await endedOnce(again.ready, task);
      assert.equal((await cpe.stop()).code, 0);
      assert.equal((await again.acs.stop()).code, 0);
    });

    it('is reported to the next process where the ACS is killed once the image is out', async () => {
      const { acs, ready, cpe } = await begin();
      const task = await order(ready);
      await eventually('the image is out', () => wire!.passed.down > image.length);
      await acs.stop('SIGKILL');
      wire!.cut();
      const again = await startAcs(...acsArgs());
      wire!.target = again.port;
      assert.equal(await stateOf(again.ready, task), 'waiting');
      await endedOnce(again.ready, task);
      assert.equal((await cpe.stop()).code, 0);
      assert.equal((await again.acs.stop()).code, 0);
    });
  });
});
