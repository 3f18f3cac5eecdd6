// The pages of firmware upgrades and of backups: what a person does there, and what a person without the rights cannot.
import assert from 'node:assert/strict';
import { createServer, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { packFirmware } from '../../../shared/firmware.ts';
import { scriptedAcs } from '../../support/cpe/scripted-acs.ts';
import { type TestUnit, testUnit } from '../../support/cpe/unit.ts';
import { openAsAdmin, openPages, type PagesClient, tokenOf } from '../../support/cpe/web/client.ts';

const UPGRADE = '/management/firmware-upgrade';
const BACKUP = '/management/backup-restore';
const pack = packFirmware({ product: '4102S', version: '49.1.1', payload: Buffer.alloc(100_000, 7) });

describe("firmware and backups on the unit's pages", () => {
  let unit: TestUnit;
  let web: PagesClient;
  let server: Server;
  /** The transfer under way at the file server. */
  let pending: ServerResponse | undefined;
  const closing: (() => Promise<unknown>)[] = [];
  beforeEach(async () => {
    pending = undefined;
    server = createServer((_, response) => {
      pending = response.writeHead(200, { 'Content-Length': pack.length });
      pending.write(pack.subarray(0, 25_000));
    });
    await new Promise<void>(resolve => server.listen(0, '127.0.0.1', resolve));
    const { port } = server.address() as AddressInfo;
    const acs = await scriptedAcs();
    unit = await testUnit({ url: acs.url, parameters: { 'Fpu.MfpUrl': `http://127.0.0.1:${port}/pack.bin` } });
    await unit.boot();
    web = await openAsAdmin(unit.gateway.device);
    closing.push(
      () => web.close(),
      () => unit.close(),
      () => acs.close(),
      () => new Promise(resolve => server.close(resolve)),
    );
  });
  afterEach(async () => {
    pending?.destroy();
    for (const close of closing.splice(0)) await close();
  });

  async function act(page: string, action: string, file?: Buffer, client = web): Promise<string> {
    const token = tokenOf(await client.page(page));
    const body = new FormData();
    body.append('token', token);
    body.append('action', action);
    if (file) body.append('file', new Blob([file]), 'a.bin');
    const answer = file
      ? await client.request(page, { method: 'POST', body })
      : await client.post(page, { token, action });
    const to = answer.headers.get('location');
    return to === null ? `${answer.status} ${await answer.text()}` : client.page(to);
  }

  it('fetch the configured pack with a progress bar, and restart into it', async () => {
    assert.doesNotMatch(await web.page(UPGRADE), /http-equiv/);
    await act(UPGRADE, 'install');
    await unit.until(() => pending !== undefined);
    let page = '';
    for (let tries = 0; tries < 100 && !/value="25000"/.test(page); tries++) page = await web.page(UPGRADE);
    assert.match(page, new RegExp(`<progress [^>]*max="${pack.length}" value="25000"`));
    assert.match(page, /<meta http-equiv="refresh" content="2">/);
    assert.match(page, />Updating</);
    pending?.end(pack.subarray(25_000));
    await unit.until(() => unit.device.config.variable('Fpu.Status') === 'WaitingManualRestart');
    page = await web.page(UPGRADE);
    assert.match(page, /Recovery<\/td><td>Dgw<\/td><td>49\.1\.1/);
    assert.doesNotMatch(page, /<progress|http-equiv/);
    await act(UPGRADE, 'restart');
    await unit.clock.advance(1500);
    await unit.until(() => unit.device.softwareVersion === '49.1.1');
  });

  it('take a pack from disk, say what is wrong with a bad one, and roll back', async () => {
    assert.match(await act(UPGRADE, 'upload', Buffer.from('MZ')), /not a firmware image/);
    assert.match(await act(UPGRADE, 'upload', pack), /runs from the next restart on/);
    await unit.device.power.reboot({ reason: 'test' });
    assert.equal(unit.device.softwareVersion, '49.1.1');
    await act(UPGRADE, 'rollback');
    await unit.clock.advance(1500);
    await unit.until(() => unit.device.softwareVersion === '48.5.2718');
  });

  it('save an image to disk, and restore it from there', async () => {
    const token = tokenOf(await web.page(BACKUP));
    const answer = await web.post(BACKUP, { token, action: 'save' });
    const image = Buffer.from(await answer.arrayBuffer());
    assert.equal(image.toString('latin1', 0, 8), 'TANDEMBK');
    const { config } = unit.device;
    await config.set([{ name: config.pathOf('Cwmp.PeriodicInformInterval') ?? '', value: '99' }], 'acs');
    assert.match(await act(BACKUP, 'load', Buffer.from('x')), /not a backup image/);
    assert.match(await act(BACKUP, 'load', image), /restarts with it/);
    await unit.clock.advance(1500);
    await unit.until(() => unit.device.config.variable('Conf.ImageRestoreStatus') === 'Success');
    assert.equal(config.variable('Cwmp.PeriodicInformInterval'), '3600');
    assert.match(await act(BACKUP, 'backup'), /names no server/);
  });

  it('refuse both to an account that only looks', async () => {
    const observer = await openPages(unit.gateway.device);
    closing.unshift(() => observer.close());
    for (const action of ['upload', 'install', 'rollback']) {
      await act(UPGRADE, action, action === 'upload' ? pack : undefined, observer);
    }
    await act(BACKUP, 'save', undefined, observer);
    assert.equal(unit.device.config.variable('Fpu.Status'), 'Idle');
    assert.equal(pending, undefined);
  });
});
