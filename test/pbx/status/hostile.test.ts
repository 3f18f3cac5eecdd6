// Telephones that put HTML into all that they say of themselves, over real sockets: on the page it is text.
import assert from 'node:assert/strict';
import { request } from 'node:http';
import { Exchange } from '../../../pbx/exchange/exchange.ts';
import { serveStatus } from '../../../pbx/status/server.ts';
import type { Web } from '../../../pbx/web/server.ts';
import { statusSourcesOf } from '../../../pbx/web-services.ts';
import { systemClock } from '../../../shared/clock.ts';
import { silentLog as log } from '../../../shared/log.ts';
import { domain, pbxLab } from '../../support/cpe/pbx-lab.ts';
import { extension, policyChange } from '../../support/pbx/policy-lab.ts';

const clock = systemClock();
const SCRIPT = `"><script>alert(1)</script>`;

function pageAt(port: number, path: string): Promise<string> {
  return new Promise((resolve, reject) => {
    const asked = request({ host: '127.0.0.1', port, path }, answer => {
      let text = '';
      answer.on('data', chunk => {
        text += chunk;
      });
      answer.on('end', () => resolve(text));
    });
    asked.on('error', reject);
    asked.end();
  });
}

describe('the status page of hostile telephones', () => {
  const { start, phone, registered } = pbxLab();
  let web: Web | undefined;
  afterEach(async () => await web?.stop());

  it('shows User-Agent, contact, display name and user as text', async () => {
    const exchange = Exchange.inMemory([...extension('4100', { securityException: false }), policyChange(0)]);
    const pbx = await start({ exchange });
    web = await serveStatus({ host: '127.0.0.1', port: 0, clock, log, sources: statusSourcesOf(pbx) });
    const hostile = await phone(pbx, '100', 'tls', { userAgent: SCRIPT });
    const contact = `"<img src=x onerror=alert(1)>" <${hostile.contact};x=%3Cscript%3E;y="<b>">`;
    const plain: [string, string] = ['Contact', `"<img src=x onerror=alert(1)>" <${hostile.contact};x=%3Cb%3E>`];
    assert.ok([200, 400].includes((await hostile.register(600, [['Contact', contact]])).status));
    assert.equal((await hostile.register(600, [plain])).status, 200);
    await registered(pbx, '101');
    const called = await hostile.call('101');
    assert.ok('callId' in called);
    const refused = await phone(pbx, '4100', 'udp', { userAgent: SCRIPT });
    assert.equal((await refused.register()).status, 403);
    const named = hostile.build('REGISTER', `sip:${domain}`, `<sip:%22%3E%3Cscript%3E@${domain}>`);
    assert.equal((await hostile.ask(named)).status, 403);
    const pages = await Promise.all(
      ['/registrations', '/calls', '/refusals', '/'].map(path => pageAt(web?.port ?? 0, path)),
    );
    for (const page of pages) assert.doesNotMatch(page, /<(script|img|b>)/i);
    assert.ok(pages[0]?.includes('&#34;&#62;&#60;script&#62;alert(1)&#60;/script&#62;'));
    assert.ok(pages[2]?.includes('&#60;script&#62;') && pages[2].includes('third-party client'));
    assert.match(pages[1] ?? '', /data-label="State">up</);
  });
});
