// The page of certificates: transfers over HTTP and HTTPS, by fetch and by curl, and what they refuse.
import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { once } from 'node:events';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { connect } from 'node:tls';
import { promisify } from 'node:util';
import type { Gateway } from '../../../cpe/gateway.ts';
import { UnitPagesOf } from '../../../cpe/unit-pages.ts';
import { servePages } from '../../../cpe/web/server.ts';
import { type Authority, createCa } from '../../../shared/pki/authority.ts';
import { CERTIFICATE, clock, Gateways, random, set } from '../../support/cpe/gateways.ts';
import { openAsAdmin, openPages, type PagesClient, tokenOf } from '../../support/cpe/web/client.ts';

const run = promisify(execFile);
const PAGE = '/management/certificates';
const WEB = 'Cert.HostCertificateAssociation[FileName=first.pem].Web';
const DISABLED = 'Certificate transfer is disabled because of unsecure HTTP access.';

describe("certificates on the unit's pages", () => {
  let on: Gateways;
  let gateway: Gateway;
  let ca: Authority;
  let host: { chain: string; key: string };
  before(async () => {
    ca = await createCa({ name: 'Test CA', key: 'rsa', clock, random });
    host = await ca.issue({ commonName: '127.0.0.1', ips: ['127.0.0.1'], usage: ['server', 'client'], key: 'rsa' });
  });
  beforeEach(async () => {
    on = await Gateways.open();
    gateway = await on.up();
  });
  afterEach(() => on.close());
  const value = (name: string): string | undefined => gateway.device.config.variable(name);

  async function transfer(
    web: PagesClient,
    fields: Record<string, string>,
    content: string | Buffer,
    name: string,
  ): Promise<string> {
    const body = new FormData();
    body.append('token', tokenOf(await web.page(PAGE)));
    body.append('action', 'transfer');
    for (const [key, text] of Object.entries(fields)) body.append(key, text);
    body.append('file', new Blob([Buffer.from(content as string)]), name);
    const answer = await web.request(PAGE, { method: 'POST', body });
    const to = answer.headers.get('location');
    return to === null ? `${answer.status} ${await answer.text()}` : web.page(to);
  }

  it('show the tables of the notes with all columns, that of the factory among them', async () => {
    const web = await openAsAdmin(gateway.device);
    const page = await web.page(PAGE);
    for (const head of ['Issued To', 'Issued By', 'Valid From', 'Valid To', 'Usage', 'CA']) {
      assert.match(page, new RegExp(`<th>${head}<`));
    }
    assert.match(page, /Cert_MxDefault001\.der<\/td>.*test.*test.*2005-07-29 18:06:00.*2015-07-27 18:06:00.*Yes/s);
    await web.close();
  });

  it('refuse a Host certificate over HTTP before the switch, and warn after it', async () => {
    const web = await openAsAdmin(gateway.device);
    const page = await web.page(PAGE);
    assert.ok(page.includes(DISABLED));
    assert.match(
      page,
      /href="\/management\/certificates\?unsecure">Activate unsecure certificate transfer \(not recom/,
    );
    assert.ok((await transfer(web, { type: 'Host' }, host.chain + host.key, 'unit.pem')).includes(DISABLED));
    assert.equal(value('Cert.HostCertificatesInfo[FileName=unit.pem].IssuedTo'), undefined);
    const active = await web.page(`${PAGE}?unsecure`);
    assert.match(active, /reads the private key\. Use a PC that is connected directly/);
    assert.match(active, /name="unsecure" value="yes"/);
    const after = await transfer(web, { type: 'Host', unsecure: 'yes' }, host.chain + host.key, 'unit.pem');
    assert.match(after, /Certificate unit\.pem has been transferred/);
    assert.match(after, /You must restart the appropriate service before using the newly transferred certificate/);
    assert.equal(value('Cert.HostCertificatesInfo[FileName=unit.pem].IssuedTo'), '127.0.0.1');
    assert.match(after, /<td>SIP<\/td><td>unit\.pem<\/td><td>unit\.pem<\/td>/);
    await web.close();
  });

  it('take an Other certificate over HTTP, name by name, and say what is wrong with a file', async () => {
    const web = await openAsAdmin(gateway.device);
    assert.match(await transfer(web, { type: 'Other' }, ca.cert, 'ca.crt'), /ca\.crt has been transferred/);
    assert.equal(gateway.device.tls('SipEp').roots.length, 1);
    assert.match(await transfer(web, { type: 'Other' }, ca.cert, 'ca.crt'), /there is a certificate ca\.crt already/);
    assert.match(await transfer(web, { type: 'Other' }, '', 'none.crt'), /file is empty/);
    assert.match(
      await transfer(web, { type: 'Other' }, 'x', 'x.crt'),
      /x\.crt was not transferred: neither PEM nor DER/,
    );
    assert.match(await transfer(web, { type: 'Other' }, Buffer.alloc(300_000), 'big.crt'), /^413 /);
    const deleted = {
      do: `delete:${gateway.device.config.pathOf('Cert.OthersCertificatesInfo[FileName=ca.crt].Delete')?.replace('Delete', '')}`,
    };
    await web.post(PAGE, { token: tokenOf(await web.page(PAGE)), ...deleted });
    assert.equal(gateway.device.tls('SipEp').roots.length, 0);
    await web.close();
  });

  it('let an observer look, and change nothing', async () => {
    await set(gateway, { 'Aaa.Users[UserName=public].AccessRights': 'Observer' });
    const web = await openPages(gateway.device);
    assert.match(await transfer(web, { type: 'Other' }, ca.cert, 'ca.crt'), /access rights do not allow/);
    assert.equal(gateway.device.tls('SipEp').roots.length, 0);
    await web.close();
  });

  it('take a Host certificate over HTTPS without a switch, as curl sends it', async () => {
    await gateway.device.install(CERTIFICATE, Buffer.from(host.chain + host.key), 'first.pem');
    await set(gateway, { 'Web.HttpsCipherSuite': 'CS3' });
    const pages = await servePages({ host: '127.0.0.1', port: 0, securePort: 0 }, gateway.device);
    const file = (name: string, content: string): string => {
      const path = join(on.directory, name);
      writeFileSync(path, content);
      return path;
    };
    const common = ['-s', '--cacert', file('ca.pem', ca.cert), '-b', file('jar', ''), '-c', join(on.directory, 'jar')];
    const curl = async (path: string, ...rest: string[]): Promise<string> =>
      (await run('curl', [...common, ...rest, new URL(path, pages.secureUrl).href])).stdout;
    try {
      const login = ['-d', `token=${tokenOf(await curl('/login'))}&user=admin&password=administrator`];
      await curl('/login', ...login);
      const page = await curl(PAGE);
      assert.ok(!page.includes(DISABLED), 'no sentence about unsecure access');
      const second = file('second.pem', host.chain + host.key);
      const fields = [
        '-F',
        `token=${tokenOf(page)}`,
        '-F',
        'action=transfer',
        '-F',
        'type=Host',
        '-F',
        `file=@${second}`,
      ];
      assert.match(await curl(PAGE, '-L', ...fields), /second\.pem has been transferred/);
      assert.equal(value('Cert.HostCertificatesInfo[FileName=second.pem].IssuedTo'), '127.0.0.1');
    } finally {
      await pages.stop();
    }
  });

  it('wait for a restart of the pages, which then show the new Host certificate', async () => {
    const pages = new UnitPagesOf('127.0.0.1:0', 0);
    const { device } = await on.up({ pages });
    await device.install(CERTIFICATE, Buffer.from(host.chain + host.key), 'first.pem');
    const needs = (): string | undefined => device.config.variable('Web.NeedRestartInfo');
    assert.deepEqual([needs(), pages.addresses.webSecure], ['Yes', undefined]);
    await device.services.restartRequired();
    const shown = async (): Promise<string> => {
      const socket = connect({
        port: Number(new URL(pages.addresses.webSecure ?? '').port),
        rejectUnauthorized: false,
      });
      await once(socket, 'secureConnect');
      const { subject } = socket.getPeerCertificate();
      socket.destroy();
      return String(subject.CN);
    };
    assert.deepEqual([needs(), await shown()], ['No', '127.0.0.1']);
    const next = await ca.issue({ commonName: 'next', usage: ['server'], key: 'rsa' });
    await device.install(CERTIFICATE, Buffer.from(next.chain + next.key), 'next.pem');
    await device.config.set([{ name: device.config.pathOf(WEB) ?? '', value: 'Disable' }], 'web');
    assert.deepEqual([needs(), await shown()], ['Yes', '127.0.0.1']);
    await device.services.restartRequired();
    assert.deepEqual([needs(), await shown()], ['No', 'next']);
    await pages.stop();
  });

  it('hand out a request of a key made on the unit, and certificates without keys', async () => {
    const web = await openAsAdmin(gateway.device);
    const act = async (fields: Record<string, string>): Promise<Response> =>
      web.post(PAGE, { token: tokenOf(await web.page(PAGE)), ...fields });
    assert.equal(
      (await act({ action: 'request', name: 'gw.test', names: 'gw.test, 10.0.0.1', key: 'ec' })).status,
      303,
    );
    assert.match(await web.page(PAGE), /A request for gw\.test waits/);
    const csr = await (await act({ action: 'request-download' })).text();
    const { cert } = await ca.sign(csr, { usage: ['server'] });
    assert.match(
      await transfer(web, { type: 'Host', unsecure: 'yes' }, cert, 'gw.pem'),
      /gw\.pem has been transferred/,
    );
    assert.doesNotMatch(await web.page(PAGE), /waits for its certificate/);
    const out = await (await act({ action: 'download', certificate: 'Host/gw.pem' })).text();
    assert.match(out, /^-----BEGIN CERTIFICATE-----/);
    assert.doesNotMatch(out, /PRIVATE/);
    await web.close();
  });
});
