// The storm after a power cut, over real sockets: hundreds of CPEs boot at once, and the ACS serves a few at a time.
import assert from 'node:assert/strict';
import { mkdtemp, rm } from 'node:fs/promises';
import { connect, type Socket } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { acsOptions } from '../../acs/config.ts';
import { type Started, start } from '../../acs/server/start.ts';
import { readOptions } from '../../shared/config.ts';
import { storm } from '../bench/load/boot-storm.ts';
import { answersOf, informTemplate } from '../bench/load/envelopes.ts';
import { emptyReport, type LoadReport, type LoadRequest } from '../bench/load/requests.ts';
import { createSessionClient } from '../bench/load/session.ts';
import { eventually } from '../support/eventually.ts';
import { openAcs } from '../support/processes/process.ts';

const CPES = 300;
const LIMIT = 8;

describe('storm of boots', () => {
  let folder = '';
  let started: Started;
  let lines: { msg: string; [pair: string]: unknown }[] = [];
  let most = 0;

  const open = async (waiting: number, more: string[] = []): Promise<void> => {
    folder = await mkdtemp(join(tmpdir(), 'tandem-storm-'));
    lines = [];
    most = 0;
    const limits = ['--max-sessions', String(LIMIT), '--max-waiting', String(waiting), ...more];
    const { values } = readOptions(acsOptions, { argv: [...openAcs(folder), ...limits] });
    started = await start(values, { adminToken: 'x', pretty: false, write: line => lines.push(JSON.parse(line)) });
    started.acs.events.on('inform', () => {
      most = Math.max(most, started.acs.south.admission().running);
    });
  };
  const close = async (): Promise<void> => {
    await started.acs.close();
    await rm(folder, { recursive: true, force: true });
  };

  const boot = async (count = CPES): Promise<LoadReport> => {
    const request: LoadRequest = {
      kind: 'storm',
      // Retries come after 10 to 20 ms, then doubled.
      compression: 500,
      seed: 1,
      devices: { count, stored: count },
      settings: {
        port: Number(new URL(started.acs.cwmp[0] ?? '').port),
        path: '/',
        inform: informTemplate({ event: '1 BOOT' }),
        answers: answersOf(),
      },
    };
    const report = emptyReport();
    await storm(createSessionClient(request.settings), request, report);
    return report;
  };

  afterEach(close);

  it('serves all CPEs, never more than --max-sessions at once, with metrics and log lines', async () => {
    await open(CPES);
    const report = await boot();
    assert.deepEqual([report.sessions, report.failed, report.storm?.turnedAway], [CPES, 0, 0]);
    assert.ok(most >= 1 && most <= LIMIT, `${most} ran at once`);
    const answer = await fetch(`${started.acs.api}/metrics`, { headers: { authorization: 'Bearer x' } });
    const text = await answer.text();
    assert.match(text, new RegExp(`^acs_admission_total\\{outcome="admitted"\\} ${CPES}$`, 'm'));
    assert.match(text, /^acs_admission_total\{outcome="turned-away"\} 0$/m);
    assert.match(text, /^acs_admission_sessions\{state="waiting"\} 0$/m);
    const waited = Number(/^acs_admission_wait_seconds_count\{outcome="admitted"\} (\d+)$/m.exec(text)?.[1]);
    assert.ok(waited > 0 && waited <= CPES - LIMIT, `${waited} waited`);
    assert.equal(lines.filter(({ msg }) => msg === 'session storm began').length, 1);
  });

  it('serves every CPE in the end when the queue overflows', async () => {
    await open(20);
    const report = await boot();
    assert.deepEqual([report.sessions, report.failed], [CPES, 0]);
    assert.ok((report.storm?.turnedAway ?? 0) > 0);
    assert.ok(most <= LIMIT);
    // The last places are free once the releases are stored, for which no session waits.
    while (started.acs.south.admission().running > 0) await new Promise(resolve => setImmediate(resolve));
    const { admitted, turnedAway, running, waiting } = started.acs.south.admission();
    assert.deepEqual([admitted, turnedAway, running, waiting], [CPES, report.storm?.turnedAway, 0, 0]);
  });

  it('A6: answers each of 2,000 connections of one address, of which 200 may be unproved', async function () {
    this.timeout(60_000);
    await open(2000, ['--max-unproved', '200']);
    const port = Number(new URL(started.acs.cwmp[0] ?? '').port);
    // All are open before any has sent a word, as over a line with a long way.
    const sockets = await Promise.all(Array.from({ length: 2000 }, () => dialled(port)));
    const isFull = (): boolean => lines.some(({ msg }) => msg === 'unproved connection closed');
    await eventually('there are too many', isFull);
    const answers = await Promise.all(sockets.map((socket, number) => firstLine(socket, inform(number))));
    const served = answers.filter(line => line === 'HTTP/1.1 200 OK').length;
    const away = answers.filter(line => line === 'HTTP/1.1 503 Service Unavailable, Retry-After').length;
    assert.equal(served + away, 2000, [...new Set(answers)].join());
    assert.ok(served >= LIMIT && away > 0, `${served} were served`);
  });

  const post = async (body: string, cookie = ''): Promise<Response> =>
    await fetch(started.acs.cwmp[0] ?? '', { method: 'POST', body, headers: { cookie } });
  const inform = (serial: number): string =>
    // Without a ConnectionRequestURL the ACS has nothing to ask.
    informTemplate({ connectionRequestUrl: '' })
      .replace('@CLASS@', 'X')
      .replace('@SERIAL@', String(serial))
      .replace('@FIRMWARE@', '1');

  it('answers a rejected CPE with Retry-After and closes its connection', async () => {
    await open(0);
    const answers = await Promise.all(Array.from({ length: LIMIT + 1 }, (_, serial) => post(inform(serial))));
    const away = answers.filter(({ status }) => status === 503);
    assert.equal(away.length, 1);
    assert.match(away[0]?.headers.get('retry-after') ?? '', /^[3-6]\d$/);
    assert.equal(away[0]?.headers.get('connection'), 'close');
    await Promise.all(answers.map(answer => answer.text()));
  });

  it('limits sessions that CPEs have left without ending them', async () => {
    await open(0);
    const { acs } = started;
    const statuses: number[] = [];
    for (let serial = 0; serial <= 10 * LIMIT; serial++) {
      const answer = await fetch(acs.cwmp[0] ?? '', {
        method: 'POST',
        body: inform(serial),
        headers: { connection: 'close' },
      });
      await answer.arrayBuffer();
      statuses.push(answer.status);
      // The place is free once the ACS sees the connection closed.
      while (acs.south.admission().running > 0) await new Promise(resolve => setImmediate(resolve));
    }
    assert.equal(acs.south.sessions(), 10 * LIMIT);
    assert.deepEqual([statuses.filter(status => status === 200).length, statuses.at(-1)], [10 * LIMIT, 503]);
  });

  it('closes the connection of an ended session while other CPEs wait', async () => {
    await open(5);
    const begun = await Promise.all(Array.from({ length: LIMIT }, (_, serial) => post(inform(serial))));
    await Promise.all(begun.map(answer => answer.text()));
    const waiting = post(inform(LIMIT));
    while (started.acs.south.admission().waiting === 0) await new Promise(resolve => setImmediate(resolve));
    const cookie = begun[0]?.headers.get('set-cookie')?.split(';')[0];
    const ended = await post('', cookie);
    assert.deepEqual([ended.status, ended.headers.get('connection')], [204, 'close']);
    const admitted = await waiting;
    assert.equal(admitted.status, 200);
    await admitted.text();
    const calm = await post('', begun[1]?.headers.get('set-cookie')?.split(';')[0]);
    assert.deepEqual([calm.status, calm.headers.get('connection')], [204, 'keep-alive']);
  });
});

async function dialled(port: number): Promise<Socket> {
  const socket = connect({ port, host: '127.0.0.1' });
  socket.on('error', () => undefined);
  await new Promise(resolve => socket.once('connect', resolve).once('close', resolve));
  return socket;
}

/** Sends an Inform. @returns the first line of the answer; '' where there is none */
async function firstLine(socket: Socket, body: string): Promise<string> {
  socket.write(`POST / HTTP/1.1\r\nHost: x\r\nContent-Length: ${Buffer.byteLength(body)}\r\n\r\n${body}`);
  let text = '';
  // A CPE that is served goes away, so that the next one has its place.
  for await (const bytes of socket.setEncoding('latin1')) {
    text += bytes;
    if (text.includes('\r\n\r\n')) break;
  }
  const [line = ''] = text.split('\r\n');
  return /^retry-after: \d+\r/im.test(text) ? `${line}, Retry-After` : line;
}
