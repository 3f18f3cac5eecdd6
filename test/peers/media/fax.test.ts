// libspandsp as the other fax machine: a page in each direction over T.38, out of a call with SRTP.
import assert from 'node:assert/strict';
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { testPage } from '../../../cpe/voice/fax/test-page.ts';
import { parseSdp } from '../../../shared/sip/sdp.ts';
import { CallLab } from '../../support/cpe/call-lab.ts';
import { reached } from '../../support/cpe/voice.ts';
import { peerSuite } from '../../support/servers/peers.ts';
import { type CompiledProgram, compileSpandsp, spandspNeeds } from '../../support/servers/spandsp.ts';
import { faxMedia, faxSdp } from '../../support/voice/fax-lab.ts';
import { calledByUnit, callUnit, withSdp } from '../../support/voice/peer-call.ts';

const PEER_PORT = 41_004;
/** An A4 page at the standard resolution. */
const page = testPage(1143);
const pageBytes = Buffer.concat(page.rows);

peerSuite('fax against libspandsp', spandspNeeds, function () {
  this.timeout(90_000);
  const lab = CallLab.inSuite();
  let program: CompiledProgram;
  let machine: ChildProcess | undefined;
  before(async () => {
    program = await compileSpandsp('fax-peer');
  });
  afterEach(() => machine?.kill());
  after(() => program.remove());

  /** Starts the machine; resolves when its port is open. `ended` resolves with its last line. */
  async function start(mode: 'send' | 'receive', port: number): Promise<{ ended: Promise<string> }> {
    const words = [mode, '127.0.0.1', String(PEER_PORT), lab.address, String(port), program.folder];
    const child = spawn(program.path, words, { stdio: ['ignore', 'pipe', 'ignore'] });
    machine = child;
    let said = '';
    child.stdout.on('data', (text: Buffer) => {
      said += text.toString();
    });
    await reached(() => said.includes('READY'), 'the fax machine');
    return { ended: once(child, 'exit').then(() => said.split('\n').at(-2) ?? '') };
  }

  it('sends a page that arrives pixel by pixel', async () => {
    await lab.startIn({ mediaOf: () => faxMedia() });
    const { call, ask } = await calledByUnit(lab);
    const sending = call.fax.send(page);
    const asked = await lab.peer.next('INVITE');
    const { ended } = await start('receive', parseSdp(asked.request.body).media[0]?.port ?? 0);
    asked.respond(200, undefined, {
      headers: [['Contact', `<sip:200@127.0.0.1:${lab.peer.server.port}>`]],
      ...withSdp(faxSdp(PEER_PORT, 2)),
    });
    const report = await sending;
    assert.deepEqual([report.state, report.rate, report.rows], ['complete', 14_400, page.rows.length]);
    assert.match(await ended, /^RESULT 0 1 14400 OK/);
    assert.ok((await readFile(join(program.folder, 'page.raw'))).equals(pageBytes), 'the page is another');
    assert.equal((await ask('BYE')).status, 200);
  });

  it('receives a page pixel by pixel', async () => {
    await lab.startIn({ mediaOf: () => faxMedia() });
    const { call, ask } = await callUnit(lab);
    await writeFile(join(program.folder, 'page.raw'), pageBytes);
    const response = await ask('INVITE', withSdp(faxSdp(PEER_PORT, 9)));
    assert.equal(response.status, 200);
    const { ended } = await start('send', parseSdp(response.body).media[0]?.port ?? 0);
    assert.match(await ended, /^RESULT 0 1 14400 OK/);
    await reached(() => call.stats().fax?.state === 'complete', 'the end of the fax');
    const [received] = call.fax.pages;
    assert.ok(received && Buffer.concat([...received.rows]).equals(pageBytes), 'the page is another');
    assert.equal((await ask('BYE')).status, 200);
  });

  it('sends at 9600 bit/s and in small datagrams where the peer asks for that', async () => {
    await lab.startIn({ mediaOf: () => faxMedia() });
    const { call } = await calledByUnit(lab);
    const small = testPage(100);
    const sending = call.fax.send(small);
    const asked = await lab.peer.next('INVITE');
    const { ended } = await start('receive', parseSdp(asked.request.body).media[0]?.port ?? 0);
    asked.respond(200, undefined, {
      headers: [['Contact', `<sip:200@127.0.0.1:${lab.peer.server.port}>`]],
      ...withSdp(faxSdp(PEER_PORT, 2, ['a=T38MaxBitRate:9600', 'a=T38FaxMaxDatagram:72'])),
    });
    assert.equal((await sending).rate, 9600);
    assert.match(await ended, /^RESULT 0 1 9600 OK/);
    assert.ok((await readFile(join(program.folder, 'page.raw'))).equals(Buffer.concat([...small.rows])));
  });
});
