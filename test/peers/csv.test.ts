// CSV of lists, read by Python's csv module as its users read it: with either separator, quotes, line breaks and foreign letters.
import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { type TestApi, testApi } from '../support/acs/api.ts';
import { peerSuite } from '../support/servers/peers.ts';

const READ = `import csv, json, sys
text = sys.stdin.buffer.read().decode('utf-8')
print(json.dumps(list(csv.DictReader(text.splitlines(keepends=True), delimiter=sys.argv[1]))))`;

const sniffed = `import csv, sys
print(csv.Sniffer().sniff(sys.stdin.read(), delimiters=',;').delimiter)`;

const python = (code: string, text: string, ...args: string[]): string =>
  execFileSync('python3', ['-c', code, ...args], { input: text, encoding: 'utf8' });

peerSuite("CSV of lists in Python's csv module", { programs: ['python3'] }, () => {
  let api: TestApi;
  const names = ['plain', 'semi;colon', 'com,ma', 'quo"te', 'line\r\nbreak', 'Zürich 😀', '=1+1', "it's", ' blank '];
  before(async () => {
    api = await testApi();
    for (const [at, name] of names.entries())
      await api.call('POST', '/devices', { body: { id: `0090F8-4102S-${at}`, site: { name }, tags: ['a', 'b'] } });
  });
  after(async () => await api.close());

  for (const separator of [',', ';'])
    it(`has the values of the list, separated by ${separator}`, async () => {
      const query = `sort=id&format=csv&separator=${separator}&fields=id,site.name,tags,openTasks`;
      const { text } = await api.call('GET', `/devices?${query}`);
      const rows = JSON.parse(python(READ, text, separator)) as Record<string, string>[];
      assert.deepEqual(
        rows,
        names.map((name, at) => ({
          id: `0090F8-4102S-${at}`,
          'site.name': name.startsWith('=') ? `'${name}` : name,
          tags: 'a b',
          openTasks: '0',
        })),
      );
    });

  it('has a separator that a reader recognises', async () => {
    const { text } = await api.call('GET', '/devices?format=csv&separator=;&fields=id,state,tags,openTasks');
    assert.equal(python(sniffed, text).trim(), ';');
  });
});
