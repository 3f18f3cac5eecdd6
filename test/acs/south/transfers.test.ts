// File transfers: memory, aborted and refused uploads, and the bytes that each receiver gets.
import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';
import { type IncomingMessage, request, type ServerResponse } from 'node:http';
import { connect } from 'node:net';
import fc from 'fast-check';
import type { FastifyInstance } from 'fastify';
import { splitUserinfo } from '../../../acs/fleet/tasks/userinfo.ts';
import { seededRandom } from '../../../shared/clock.ts';
import { type TestApi, TOKEN, testApi } from '../../support/acs/api.ts';
import { inPieces, whole } from '../../support/contents.ts';
import { ScriptedCpe } from '../../support/cpe/scripted-cpe.ts';
import { deviceId as device } from '../../support/devices.ts';
import { eventually } from '../../support/eventually.ts';

const random = seededRandom(11);
const authorization = `Bearer ${TOKEN}`;
/** Bytes that Node buffers for a connection in either direction, besides one chunk of ours. */
const HELD = 512 * 1024;

interface Received {
  request: IncomingMessage;
  response: ServerResponse;
}

describe('transfers of files', function () {
  this.timeout(30_000);
  let api: TestApi;
  let rest: URL;
  let cwmp: URL;
  /** The requests received, as Node's objects. */
  let received: Received[];

  const listen = async (app: FastifyInstance): Promise<URL> => {
    app.server.on('request', (request: IncomingMessage, response: ServerResponse) =>
      received.push({ request, response }),
    );
    return new URL(await app.listen({ host: '127.0.0.1', port: 0 }));
  };
  beforeEach(async () => {
    received = [];
    api = await testApi({ enrol: 'auto', cpeAuth: 'none' });
    rest = await listen(api.rest);
    cwmp = await listen(api.acs.app);
    await new ScriptedCpe(api.acs.app).session();
  });
  afterEach(async () => await api.close());

  const put = async (name: string, bytes: Uint8Array): Promise<void> => {
    await api.acs.fleet.files.put(name, inPieces(bytes), { type: 'script' });
  };
  const bytesOf = async (name: string): Promise<Buffer> => await api.acs.fleet.files.bytes(name);
  /** Runs a session and returns the path of the link in its transfer. */
  const link = async (task: object): Promise<string> => {
    const { status, text } = await api.call('POST', `/devices/${device}/tasks`, { body: task });
    assert.equal(status, 201, text);
    const { asked } = await new ScriptedCpe(api.acs.app, { events: ['2 PERIODIC'] }).session(() => ({
      Status: 1,
      StartTime: '0001-01-01T00:00:00Z',
      CompleteTime: '0001-01-01T00:00:00Z',
    }));
    return String(asked.find(({ args }) => args.URL)?.args.URL).replace('https://acs.test', '');
  };
  const upload = { method: 'Upload', args: { FileType: '3 Vendor Configuration File' }, file: 'unit.cfg' };

  /** Calls back for each chunk that is read of any content. */
  const onChunk = (callback: (bytes: number) => void | Promise<void>): void => {
    const { content } = api.acs.store;
    api.acs.store.content = async (...args) => {
      const chunks = await content(...args);
      return (
        chunks &&
        (async function* () {
          for await (const chunk of chunks) {
            await callback(chunk.length);
            yield chunk;
          }
        })()
      );
    };
  };
  const stored = async (): Promise<number> => (await api.acs.store.contents()).length;

  it('D4: serves a file whose name has 101 to 128 characters by its own link', async () => {
    for (const name of [`${'f'.repeat(97)}.cfg`, `f${'@'.repeat(123)}.cfg`]) {
      await put(name, Buffer.from('content'));
      const path = await link({ method: 'Download', file: name });
      assert.ok(path.length <= 256 - 'https://acs.example.net:7547'.length, path);
      assert.ok(path.endsWith(encodeURIComponent(name.slice(-20))), path);
      const answer = await fetch(new URL(path, cwmp));
      assert.deepEqual([answer.status, await answer.text()], [200, 'content']);
      const whole = await fetch(new URL(path.replace(/[^/]*$/, encodeURIComponent(name)), cwmp));
      assert.deepEqual([whole.status, await whole.text()], [200, 'content'], 'as links were made before');
    }
  });

  it('D11: sends a Download whose URL had a login with that login apart (A.3.2.8)', async () => {
    const args = { FileType: '1 Firmware Upgrade Image', URL: 'http://u:p%40@127.0.0.1/x.bin?a@b' };
    await api.call('POST', `/devices/${device}/tasks`, { body: { method: 'Download', args } });
    const { asked } = await new ScriptedCpe(api.acs.app, { events: ['2 PERIODIC'] }).session(() => ({
      Status: 1,
      StartTime: '0001-01-01T00:00:00Z',
      CompleteTime: '0001-01-01T00:00:00Z',
    }));
    const sent = asked.find(({ args }) => args.URL)?.args;
    assert.deepEqual([sent?.URL, sent?.Username, sent?.Password], ['http://127.0.0.1/x.bin?a@b', 'u', 'p@']);
  });

  it('D11: splits every login off every URL, and leaves URLs without one as they are', () => {
    const text = fc.string({ unit: 'grapheme', minLength: 1, maxLength: 20 });
    fc.assert(
      fc.property(text, text, fc.webUrl(), (user, password, url) => {
        const [name, secret] = [encodeURIComponent(user), encodeURIComponent(password)];
        const given = { URL: url.replace('://', `://${name}:${secret}@`) };
        assert.deepEqual(splitUserinfo(given), { URL: url, Username: user, Password: password });
        assert.deepEqual(splitUserinfo({ URL: url }), { URL: url });
        assert.deepEqual(splitUserinfo({ ...given, Username: 'x', Password: 'y' }), {
          URL: url,
          Username: 'x',
          Password: 'y',
        });
      }),
    );
  });

  describe('memory', () => {
    const large = Buffer.alloc(24 * 1024 * 1024, 'firmware');

    for (const receiver of ['to an operator', 'to a device'])
      it(`holds a few chunks of a file sent ${receiver} that reads slowly`, async () => {
        await put('large.cfg', large);
        const path =
          receiver === 'to a device'
            ? await link({ method: 'Download', file: 'large.cfg' })
            : '/api/v1/files/large.cfg';
        let read = 0;
        let most = 0;
        onChunk(bytes => {
          read += bytes;
          const { response } = received.at(-1)!;
          most = Math.max(most, response.writableLength + (response.socket?.writableLength ?? 0));
        });
        const answer = await new Promise<IncomingMessage>(resolve => {
          const url = new URL(path, receiver === 'to a device' ? cwmp : rest);
          request(url, { headers: { authorization } }, resolve).end();
        });
        const hash = createHash('sha256');
        for await (const chunk of answer) {
          hash.update(chunk as Buffer);
          // Other requests are served between two reads.
          await new Promise(resolve => setImmediate(resolve));
        }
        // It is stored sealed: each block of 64 KB ends with a tag of 16 bytes.
        assert.equal(read, large.length + 16 * Math.ceil(large.length / (64 * 1024 - 16)));
        assert.ok(most <= HELD, `${most} bytes were held`);
        assert.equal(hash.digest('hex'), createHash('sha256').update(large).digest('hex'));
      });

    for (const sender of ['from an operator', 'from a device'])
      it(`holds a few chunks of a file received ${sender} when the store is slow`, async () => {
        const path = sender === 'from a device' ? await link(upload) : '/api/v1/files/unit.cfg?type=script';
        const { putContent } = api.acs.store;
        let most = 0;
        api.acs.store.putContent = (name, content) =>
          putContent(
            name,
            (async function* () {
              for await (const chunk of content) {
                await new Promise(resolve => setImmediate(resolve));
                most = Math.max(most, chunk.length + received.at(-1)!.request.readableLength);
                yield chunk;
              }
            })(),
          );
        const answer = await fetch(new URL(path, sender === 'from a device' ? cwmp : rest), {
          method: 'PUT',
          headers: { authorization },
          body: large,
        });
        assert.ok(answer.ok, await answer.text());
        assert.ok(most > 0 && most <= HELD, `${most} bytes were held`);
        const { content } = await api.acs.fleet.files.open('unit.cfg');
        assert.ok((await whole(content)).equals(large));
      });
  });

  describe('size limit', () => {
    /** The answer to a request whose body is announced but never sent. */
    const announce = (to: URL, path: string, length: number): Promise<string> =>
      new Promise((resolve, reject) => {
        let heard = '';
        const socket = connect(Number(to.port), to.hostname, () =>
          socket.write(
            `PUT ${path} HTTP/1.1\r\nHost: x\r\nAuthorization: ${authorization}\r\nContent-Length: ${length}\r\n\r\n`,
          ),
        );
        socket.on('error', reject).on('data', chunk => {
          heard += String(chunk);
          if (/^HTTP\/1\.1 413[\s\S]*\r\n\r\n/.test(heard)) resolve(heard);
          else reject(new Error(heard));
          socket.destroy();
        });
      });

    it('refuses an upload that announces too many bytes before it reads any', async () => {
      const large = 256 * 1024 * 1024 + 1;
      const answer = await announce(rest, '/api/v1/files/a.cfg?type=script', large);
      assert.match(answer, /"code":"file-too-large"/);
      assert.match(answer, /more than 268435456 bytes \(256 MB\) are not taken/);
      await announce(cwmp, await link(upload), 64 * 1024 * 1024 + 1);
      assert.equal(await stored(), 0);
    });

    it('refuses an upload without a length as soon as it exceeds the limit', async () => {
      await put('a.cfg', Buffer.from('old'));
      const { files } = api.acs.fleet;
      const content = inPieces(random.bytes(100_000));
      await assert.rejects(files.put('a.cfg', content, { type: 'script' }, { most: 65_536 }), {
        status: 413,
        code: 'file-too-large',
        message: /more than 65536 bytes/,
      });
      assert.equal(String(await bytesOf('a.cfg')), 'old');
      assert.equal(await stored(), 1);
    });
  });

  describe('aborted transfers', () => {
    /** Sends half of the announced bytes and closes the connection. */
    const sendHalf = (to: URL, path: string): void => {
      const socket = connect(Number(to.port), to.hostname, () => {
        socket.write(
          `PUT ${path} HTTP/1.1\r\nHost: x\r\nAuthorization: ${authorization}\r\nContent-Length: 200000\r\n\r\n`,
        );
        socket.write(random.bytes(100_000), () => socket.destroy());
      });
    };

    it('keeps the old file when an upload by the API is aborted, and audits the failure', async () => {
      await put('a.cfg', Buffer.from('old'));
      sendHalf(rest, '/api/v1/files/a.cfg?type=script');
      const entry = await eventually('the call is in the audit', async () => {
        const { items } = await api.acs.store.audit({ limit: 10 });
        return items.find(({ what }) => what === 'putFile');
      });
      assert.equal(entry.status, 400);
      assert.equal(String(await bytesOf('a.cfg')), 'old');
      assert.equal(await stored(), 1);
    });

    it('stores nothing of an aborted upload of a device', async () => {
      sendHalf(cwmp, await link(upload));
      await eventually('it is in the log', () => api.acs.logged.some(line => /the upload broke off after/.test(line)));
      await assert.rejects(bytesOf('unit.cfg'), { status: 404 });
      assert.equal(await stored(), 0);
    });

    it('ends a download with an error when the store fails in the middle', async () => {
      await put('a.cfg', random.bytes(300_000));
      let chunks = 0;
      onChunk(() => {
        if (++chunks > 2) throw new Error('the disk fails');
      });
      const answer = await fetch(new URL('/api/v1/files/a.cfg', rest), { headers: { authorization } });
      assert.equal(answer.status, 200);
      await assert.rejects(answer.arrayBuffer());
      assert.match(api.acs.logged.join('\n'), /response aborted.*the disk fails/);
    });
  });

  it('answers HEAD with length and ETag without reading the file', async () => {
    await put('a.cfg', Buffer.from('0123456789'));
    let read = 0;
    onChunk(bytes => {
      read += bytes;
    });
    const etag = `"${createHash('sha256').update('0123456789').digest('hex')}"`;
    const path = await link({ method: 'Download', file: 'a.cfg' });
    for (const url of [new URL('/api/v1/files/a.cfg', rest), new URL(path, cwmp)]) {
      const { status, headers } = await fetch(url, { method: 'HEAD', headers: { authorization } });
      assert.deepEqual([status, headers.get('content-length'), headers.get('etag')], [200, '10', etag]);
    }
    const part = await fetch(new URL(path, cwmp), { method: 'HEAD', headers: { range: 'bytes=2-4' } });
    assert.deepEqual([part.status, part.headers.get('content-range')], [206, 'bytes 2-4/10']);
    assert.equal(read, 0);
  });

  it('keeps the upload that ends last when two have the same name', async () => {
    const { files } = api.acs.fleet;
    const [slow, quick] = [random.bytes(400_000), random.bytes(300_000)];
    let begun: () => void = () => undefined;
    let goOn: () => void = () => undefined;
    const first = new Promise<void>(resolve => {
      begun = resolve;
    });
    const held = new Promise<void>(resolve => {
      goOn = resolve;
    });
    async function* slowly(): AsyncIterable<Uint8Array> {
      yield slow.subarray(0, 300_000);
      begun();
      await held;
      yield slow.subarray(300_000);
    }
    const one = files.put('a.cfg', slowly(), { type: 'script' });
    await first;
    await put('a.cfg', quick);
    assert.ok((await bytesOf('a.cfg')).equals(quick));
    goOn();
    await one;
    assert.ok((await bytesOf('a.cfg')).equals(slow));
    assert.equal(await stored(), 1);
  });

  it('refuses an upload that must not replace a file stored meanwhile', async () => {
    const { files } = api.acs.fleet;
    async function* meanwhile(): AsyncIterable<Uint8Array> {
      yield Buffer.from('of a device');
      await put('unit.cfg', Buffer.from('of an operator'));
    }
    const limits = { allow: () => files.mayReceive('unit.cfg') };
    await assert.rejects(files.put('unit.cfg', meanwhile(), { type: 'upload' }, limits), { code: 'file-exists' });
    assert.equal(String(await bytesOf('unit.cfg')), 'of an operator');
    assert.equal(await stored(), 1);
  });

  it('completes a download of a file replaced meanwhile and answers later ones with 404', async () => {
    const bytes = random.bytes(500_000);
    await put('a.cfg', bytes);
    const url = new URL(await link({ method: 'Download', file: 'a.cfg' }), cwmp);
    let chunks = 0;
    onChunk(async () => {
      if (++chunks === 2) await put('a.cfg', Buffer.from('another'));
    });
    const answer = await fetch(url);
    assert.equal(answer.status, 200);
    assert.ok(Buffer.from(await answer.arrayBuffer()).equals(bytes));
    assert.equal((await fetch(url)).status, 404);
    assert.equal(String(await bytesOf('a.cfg')), 'another');
  });

  it('accepts an upload by POST', async () => {
    const path = await link(upload);
    const bytes = random.bytes(400_000);
    const answer = await fetch(new URL(path, cwmp), { method: 'POST', body: bytes, headers: { 'content-type': 'x' } });
    assert.equal(answer.status, 201);
    assert.ok((await bytesOf('unit.cfg')).equals(bytes));
    assert.equal((await fetch(new URL('/files/1/2/3', cwmp), { method: 'POST', body: 'x' })).status, 404);
  });

  it('removes contents without a file once they are old', async () => {
    const { store, clock, fleet } = api.acs;
    await put('a.cfg', Buffer.from('kept'));
    await store.putContent('stray', inPieces(Buffer.from('of a process that ended')));
    await fleet.files.sweep();
    assert.equal(await stored(), 2, 'its document may follow');
    await clock.advance(3_600_001);
    await fleet.files.sweep();
    assert.deepEqual((await store.contents()).length, 1);
    assert.equal(String(await bytesOf('a.cfg')), 'kept');
  });

  it('refuses to read a file as a whole beyond the limit', async () => {
    await put('a.cfg', Buffer.alloc(16 * 1024 * 1024 + 1));
    await assert.rejects(bytesOf('a.cfg'), { status: 413, code: 'file-too-large' });
  });
});
