// A Host certificate that an ACS sends over CWMP: a task and a preset, and the unit's page that shows it.
import assert from 'node:assert/strict';
import { openAsAdmin } from '../../support/cpe/web/client.ts';
import { done, openWorld, type World } from '../../support/worlds/world.ts';

const DEVICE = '0090F8-4102S-0090F8000001';

describe('Host certificates by an ACS', () => {
  let world: World;
  before(async () => {
    world = await openWorld();
  });
  after(() => world.close());

  it('arrive by a task and by a preset, and show on the page with the note', async function () {
    this.timeout(30_000);
    const api = async (method: string, path: string, body: string): Promise<void> => {
      const headers = { authorization: 'Bearer test-token', 'content-type': 'application/json' };
      const answer = await fetch(`${world.acs.api}/api/v1${path}`, { method, headers, body });
      assert.ok(answer.ok, `${path}: ${answer.status} ${await answer.text()}`);
    };
    const host = async (name: string): Promise<string> => {
      const { chain, key } = await world.ca.issue({ commonName: name, usage: ['server', 'client'], key: 'rsa' });
      return chain + key;
    };
    await api('PUT', '/files/task.pem?type=certificate', await host('by-task'));
    await api('PUT', '/files/preset.pem?type=certificate', await host('by-preset'));
    const gateway = await world.gateway();
    await gateway.boot();
    const shown = (name: string): string | undefined =>
      gateway.device.config.variable(`Cert.HostCertificatesInfo[FileName=${name}].IssuedTo`);
    for (let tries = 0; tries < 200 && gateway.device.config.variable('Cwmp.Username') === 'enrol'; tries++) {
      await new Promise(resolve => setTimeout(resolve, 50));
    }
    const task = await done(world, DEVICE, { method: 'Download', file: 'task.pem' });
    assert.equal(task.state, 'done', JSON.stringify(task));
    assert.equal(shown('task.pem'), 'by-task');
    await api('PUT', '/presets/host', JSON.stringify({ certificates: ['preset.pem'] }));
    await done(world, DEVICE, { method: 'GetRPCMethods' });
    for (let tries = 0; tries < 200 && shown('preset.pem') === undefined; tries++) {
      await new Promise(resolve => setTimeout(resolve, 50));
    }
    assert.equal(shown('preset.pem'), 'by-preset');
    const web = await openAsAdmin(gateway.device);
    const page = await web.page('/management/certificates');
    assert.match(page, /task\.pem<\/td>.*by-task.*Test CA.*TlsClient, TlsServer/s);
    assert.match(page, /Note: You must restart the appropriate service/);
    await web.close();
  });
});
