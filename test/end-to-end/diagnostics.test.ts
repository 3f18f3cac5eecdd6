// Diagnostics between the ACS and simulated units of three data models, over real sockets: what a unit tells is held against what a server
// of the test has seen.
import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import type { Gateway } from '../../cpe/gateway.ts';
import { networkOf } from '../../cpe/network.ts';
import { builtinModel, loadModel } from '../../shared/model/datamodel.ts';
import type { Model } from '../../shared/model/definitions.ts';
import { standalone } from '../../shared/model/standalone.ts';
import type { Json } from '../support/acs/api.ts';
import { deviceId as id } from '../support/devices.ts';
import { eventually } from '../support/eventually.ts';
import { type DnsServer, startDns } from '../support/servers/dns.ts';
import { documentsFolder, peerSuite } from '../support/servers/peers.ts';
import { openWorld, type World } from '../support/worlds/world.ts';

const tr098 = join(documentsFolder, 'tr-098-1-8-0-full.xml');

interface Subject {
  title: string;
  needs: string[];
  model(): Promise<Model>;
  kinds: readonly string[];
  ping: string;
}

const subjects: Subject[] = [
  {
    title: 'a DGW',
    needs: [],
    model: () => builtinModel('dgw'),
    kinds: ['ping', 'traceroute', 'download', 'upload'],
    ping: 'Device.LAN.IPPingDiagnostics.',
  },
  {
    title: 'a plain TR-181 device',
    needs: [],
    model: () => builtinModel('device'),
    kinds: ['ping', 'traceroute', 'download', 'upload', 'dns'],
    ping: 'Device.IP.Diagnostics.IPPing.',
  },
  {
    title: 'a unit with the model of TR-098',
    needs: [tr098],
    model: async () => standalone(await loadModel(readFileSync(tr098)), await builtinModel('device')),
    kinds: ['ping', 'traceroute', 'download', 'upload', 'dns'],
    ping: 'InternetGatewayDevice.IPPingDiagnostics.',
  },
];

/** Serves and takes files, and notes the bytes of each upload. */
class FileServer {
  readonly #server: Server;
  readonly uploads: number[] = [];

  private constructor(server: Server) {
    this.#server = server;
  }

  static async open(size: number): Promise<FileServer> {
    const files = new FileServer(
      createServer((request, response) => {
        let bytes = 0;
        request.on('data', (chunk: Buffer) => {
          bytes += chunk.length;
        });
        request.on('end', () => {
          if (request.method === 'PUT') files.uploads.push(bytes);
          if (request.url === '/none') response.writeHead(404).end();
          else response.end(request.method === 'GET' ? Buffer.alloc(size, 'x') : '');
        });
      }),
    );
    await new Promise<void>(resolve => files.#server.listen(0, '127.0.0.1', resolve));
    return files;
  }

  url(path: string): string {
    return `http://127.0.0.1:${(this.#server.address() as AddressInfo).port}${path}`;
  }

  async close(): Promise<void> {
    this.#server.closeAllConnections();
    await new Promise(resolve => this.#server.close(resolve));
  }
}

for (const { title, needs, model, kinds, ping } of subjects) {
  peerSuite(`diagnostics of ${title}`, { files: needs }, function () {
    this.timeout(60_000);
    let world: World;
    let files: FileServer;
    let dns: DnsServer;
    let unit: Gateway;

    before(async () => {
      world = await openWorld({ tls: false, cpeAuth: 'none' });
      files = await FileServer.open(200_000);
      dns = await startDns({ 'voice.example': [{ type: 'A', address: '192.0.2.7' }] });
      const made = await model();
      const network = networkOf(['far.example=20,0%,192.0.2.1/192.0.2.2', 'lossy.example=1,100%']);
      const management = `${made.root}ManagementServer.URL`;
      unit = await world.gateway({
        model: made,
        network,
        ...(made.services.length > 0 ? {} : { profile: { parameters: { [management]: world.url }, certificates: [] } }),
      });
      await unit.boot();
      await eventually('the device is enrolled', async () => {
        const row = await world.acs.fleet.devices.view(id).catch(() => undefined);
        return row?.state === 'enrolled' && world.acs.south.sessions() === 0;
      });
    });
    after(async () => {
      await world?.close();
      await files?.close();
      dns?.close();
    });

    const run = async (kind: string, body: object): Promise<Json> => {
      const answer = await fetch(`${world.acs.api}/api/v1/devices/${id}/diagnostics/${kind}?wait=20`, {
        method: 'POST',
        headers: { authorization: 'Bearer test-token', 'content-type': 'application/json' },
        body: JSON.stringify(body),
      });
      return { status: answer.status, ...((await answer.json()) as Json) };
    };
    const eventsOf = (): string[] =>
      world.wire.flatMap(({ envelope: { body } }) =>
        body.kind === 'request' && body.method === 'Inform'
          ? (body.args as { Event: { EventCode: string }[] }).Event.map(({ EventCode }) => EventCode)
          : [],
      );

    it('pings hosts on loopback and in its network, and reports the end by 8 DIAGNOSTICS COMPLETE', async () => {
      const near = await run('ping', { host: '127.0.0.1', repetitions: 2, timeout: 100 });
      assert.deepEqual([near.status, near.state, near.path], [200, 'done', ping], JSON.stringify(near));
      const { succeeded, failed, loss } = near.values as Record<string, number>;
      assert.deepEqual([succeeded, failed, loss], [2, 0, 0]);
      assert.ok(eventsOf().includes('8 DIAGNOSTICS COMPLETE'));
      const far = (await run('ping', { host: 'far.example', repetitions: 3, timeout: 500 })).values as Json;
      assert.ok(Number(far.average) >= 18 && Number(far.average) <= 22, JSON.stringify(far));
      const lossy = (await run('ping', { host: 'lossy.example', repetitions: 2, timeout: 20 })).values as Json;
      assert.deepEqual([lossy.succeeded, lossy.loss], [0, 100]);
    });

    it('tells by its state that a name has no address', async () => {
      const { state, diagnosticsState } = await run('ping', { host: 'no-such-host.invalid' });
      assert.deepEqual([state, diagnosticsState], ['failed', 'Error_CannotResolveHostName']);
    });

    it('traces the route of its network hop by hop', async () => {
      const { rows, state } = await run('traceroute', { host: 'far.example', timeout: 500 });
      assert.equal(state, 'done');
      assert.deepEqual(
        (rows as Json[]).map(({ host }) => host),
        ['192.0.2.1', '192.0.2.2', 'far.example'],
      );
    });

    it('downloads from a server of the test, and tells the bytes and times that it took', async () => {
      const { state, diagnosticsState, values } = await run('download', { url: files.url('/file') });
      assert.deepEqual([state, diagnosticsState], ['done', 'Completed']);
      const { testBytes, totalBytes, rate, ...times } = values as Record<string, number | string>;
      assert.equal(testBytes, 200_000);
      assert.ok(Number(totalBytes) > 200_000 && Number(rate) > 0, JSON.stringify(values));
      const steps = ['opening', 'opened', 'requested', 'began', 'ended'].map(name => String(times[name]));
      assert.deepEqual(steps, [...steps].sort(), 'the times are in their order');
      const failed = await run('download', { url: files.url('/none') });
      assert.equal(failed.diagnosticsState, 'Error_TransferFailed');
    });

    it('uploads to a server of the test, which receives what the device tells', async () => {
      const { state, values } = await run('upload', { url: files.url('/up'), size: 123_456 });
      assert.equal(state, 'done');
      assert.deepEqual(files.uploads, [123_456]);
      assert.ok(Number((values as Json).totalBytes) >= 123_456, JSON.stringify(values));
    });

    it('looks a name up at a real server, where its model has that', async () => {
      const answer = await run('dns', { host: 'voice.example', server: dns.address, repetitions: 2 });
      if (!kinds.includes('dns')) return assert.deepEqual([answer.status, answer.code], [409, 'no-diagnostic']);
      const [row] = answer.rows as Json[];
      assert.deepEqual([answer.state, (answer.values as Json).succeeded], ['done', 2], JSON.stringify(answer));
      assert.deepEqual([row?.status, row?.addresses], ['Success', ['192.0.2.7']]);
      assert.ok(dns.asked.some(text => text.includes('voice.example')));
    });
  });
}
