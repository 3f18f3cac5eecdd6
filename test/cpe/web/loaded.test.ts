// The parts of the gateway that are loaded on first use: neither help, nor a run without pages, nor a fleet loads them.
import assert from 'node:assert/strict';
import { mkdtemp, readdir, readFile, rm } from 'node:fs/promises';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { program } from '../../support/processes/process.ts';

const LATE =
  /\/cpe\/(?:web|shell|snmp)\/|\/shared\/capture\/(?:pcap-file|packet-filter)|node_modules\/(?:ssh2|net-snmp)\//;
const LIGHT = /\/cpe\/(?:web|shell|snmp|services|state|agent|voice)\/|node_modules\/(?:ssh2|net-snmp|undici)\//;

describe('what the gateway loads', function () {
  this.timeout(60_000);
  let folder: string;
  let acs: Server;
  let url: string;

  before(async () => {
    folder = await mkdtemp(join(tmpdir(), 'loaded-'));
    acs = createServer((request, response) => {
      request.resume().on('end', () => response.writeHead(503).end());
    });
    await new Promise<void>(resolve => acs.listen(0, '127.0.0.1', resolve));
    url = `http://127.0.0.1:${(acs.address() as AddressInfo).port}/`;
  });
  after(async () => {
    acs.close();
    await rm(folder, { recursive: true, force: true });
  });

  /** The files that a run of the program loaded, as V8 lists them when it ends. */
  const loaded = async (...args: string[]): Promise<string[]> => {
    const list = await mkdtemp(join(folder, 'run-'));
    const made = program('cpe/main.ts', args, { NODE_V8_COVERAGE: list });
    await made.ended;
    const texts = await Promise.all((await readdir(list)).map(name => readFile(join(list, name), 'utf8')));
    const files = texts.flatMap(text => (JSON.parse(text) as { result: { url: string }[] }).result.map(one => one.url));
    assert.ok(
      files.some(file => /\/cpe\/main\.[jt]s$/.test(file)),
      made.text(),
    );
    return files;
  };

  it('is no service for its help', async () => {
    assert.deepEqual(
      (await loaded('run', '--help')).filter(file => LIGHT.test(file)),
      [],
    );
  });

  it('is no page, console or SNMP for a run without them', async () => {
    assert.deepEqual(
      (await loaded('run', '--acs', url, '--once')).filter(file => LATE.test(file)),
      [],
    );
  });

  it('is no page, console or SNMP for a fleet', async () => {
    const files = await loaded('fleet', '--count', '2', '--acs', url, '--duration', '1');
    assert.deepEqual(
      files.filter(file => LATE.test(file)),
      [],
    );
  });
});
