// The ACS with CPEs of the dialects found in the field: each over raw sockets, through every kind of task.
import assert from 'node:assert/strict';
import { gzipSync } from 'node:zlib';
import type { Task } from '../../../acs/device/task.ts';
import { DialectCpe } from '../../support/cpe/dialect-cpe.ts';
import { type Dialect, dialects, writer } from '../../support/cpe/dialects.ts';
import { RawConnection } from '../../support/cpe/raw-cpe.ts';
import { eventually } from '../../support/eventually.ts';
import { openWorld, type World } from '../../support/worlds/world.ts';

const serial = 'A-1';
const id = '00D0D0-Box-A%2D1';

const complete = (key: string): [string, string] => [
  'TransferComplete',
  `<CommandKey>${key}</CommandKey><FaultStruct><FaultCode>0</FaultCode><FaultString></FaultString></FaultStruct>` +
    '<StartTime>2026-02-03T04:05:06Z</StartTime><CompleteTime>2026-02-03T04:05:07Z</CompleteTime>',
];

/** One task of each kind, in an order in which each can succeed. */
const tasksFor = (root: string): [method: string, args: Record<string, unknown>, file?: string][] => {
  const interval = `${root}ManagementServer.PeriodicInformInterval`;
  const enable = `${root}ManagementServer.PeriodicInformEnable`;
  return [
    ['GetRPCMethods', {}],
    ['GetParameterNames', { ParameterPath: root, NextLevel: false }],
    ['SetParameterValues', { ParameterList: { [interval]: 60, [enable]: false } }],
    ['GetParameterValues', { ParameterNames: [`${root}ManagementServer.`] }],
    [
      'SetParameterAttributes',
      {
        ParameterList: [
          { Name: interval, NotificationChange: true, Notification: 1, AccessListChange: false, AccessList: [] },
        ],
      },
    ],
    ['GetParameterAttributes', { ParameterNames: [interval] }],
    ['AddObject', { ObjectName: `${root}X_00D0D0_Table.` }],
    ['DeleteObject', { ObjectName: `${root}X_00D0D0_Table.3.` }],
    ['ScheduleInform', { DelaySeconds: 5 }],
    ['Download', {}, 'fw.bin'],
    ['Upload', {}, 'kept.cfg'],
    ['Reboot', {}],
  ];
};

/** Carries out the transfers that a CPE was asked for, as it does after its session. */
async function carryOut(transfers: DialectCpe['transfers']): Promise<void> {
  for (const { kind, url } of transfers) {
    const answer = await fetch(url, kind === 'Upload' ? { method: 'PUT', body: 'config' } : {});
    assert.equal(answer.ok, true, `${kind} ${url}`);
    if (kind === 'Download') assert.equal(await answer.text(), 'image');
  }
}

describe('CPEs of many dialects', () => {
  let world: World;
  afterEach(async () => await world.close());

  const idle = async (): Promise<void> =>
    void (await eventually('the session is over', () => world.acs.south.sessions() === 0));
  const states = async (tasks: Task[]): Promise<Record<string, string>> => {
    const now = await Promise.all(tasks.map(async task => await world.acs.fleet.tasks.get(task.id)));
    return Object.fromEntries(
      now.map(task => [task.method, task.fault ? `${task.state} ${JSON.stringify(task.fault)}` : task.state]),
    );
  };

  for (const dialect of dialects) {
    it(`completes every kind of task with a CPE of this dialect: ${dialect.name}`, async () => {
      const { root } = dialect;
      world = await openWorld({ tls: false, cpeAuth: dialect.login ? 'required' : 'none' });
      const { tasks, files, devices } = world.acs.fleet;
      const cpe = new DialectCpe(`${world.url}/acs`, dialect, serial);
      await cpe.session([['0 BOOTSTRAP'], ['1 BOOT']]);
      await idle();
      assert.equal((await devices.view(id)).softwareVersion, '1.0 <beta> & more');
      await files.put('fw.bin', Buffer.from('image'), { type: 'firmware', version: '2' });

      const interval = `${root}ManagementServer.PeriodicInformInterval`;
      const enable = `${root}ManagementServer.PeriodicInformEnable`;
      const inputs = tasksFor(root);
      const queued: Task[] = [];
      for (const [method, args, file] of inputs)
        queued.push(await tasks.add(id, { method, args, ...(file ? { file } : {}) }));

      const asked = await cpe.session([['2 PERIODIC']]);
      await idle();
      assert.deepEqual(
        asked.filter(method => method !== 'GetParameterValues'),
        inputs.map(([method]) => method).filter(method => method !== 'GetParameterValues'),
      );
      assert.equal(cpe.values.get(interval)?.value, '60');
      assert.match(cpe.values.get(enable)?.value ?? '', /^(0|false)$/);
      const known: string[] = [];
      for await (const page of devices.knownPages(await devices.row(id), { path: interval, after: '', portion: 5 }))
        known.push(...page.map(({ value }) => value));
      assert.deepEqual(known, ['60']);

      await carryOut(cpe.transfers);
      const [reboot] = cpe.restarts;
      await cpe.session(
        [
          ['1 BOOT'],
          ['M Reboot', reboot?.key ?? ''],
          ['7 TRANSFER COMPLETE'],
          ...cpe.transfers.map(({ kind, key }): [string, string] => [`M ${kind}`, key]),
        ],
        [...cpe.transfers.map(({ key }) => complete(key)), ['GetRPCMethods', ''], ['X_00D0D0_Hello', '<A>1</A>']],
      );
      await idle();
      const fault = cpe.answers.find(answer => answer.text.includes('8000'));
      assert.equal(fault?.status, 200, 'an unknown method is answered by fault 8000, with status 200');

      queued.push(await tasks.add(id, { method: 'FactoryReset' }));
      assert.deepEqual(await cpe.session([['2 PERIODIC']]), ['FactoryReset']);
      await idle();
      await cpe.session([['0 BOOTSTRAP'], ['1 BOOT']]);
      await idle();
      assert.deepEqual(await states(queued), Object.fromEntries(queued.map(({ method }) => [method, 'done'])));
      assert.equal((await files.bytes('kept.cfg')).toString(), 'config');

      await world.acs.fleet.presets.put('base', { set: { [interval]: 90 } });
      await cpe.session([['2 PERIODIC']]);
      await idle();
      assert.equal(cpe.values.get(interval)?.value, '90');
      assert.deepEqual(await cpe.session([['2 PERIODIC']]), [], 'nothing is asked once the values are set');
      await idle();
      const closed = world.logged.filter(line => /"level":"error"|"outcome":"lost"/.test(line));
      assert.deepEqual(closed, []);
    });
  }

  const [plain] = dialects as [Dialect];
  const informText = (namespace: Dialect['namespace'] = '1-0'): string => {
    const write = writer({ ...plain, namespace });
    return write.envelope(
      write.message(
        'Inform',
        `<DeviceId><Manufacturer>M</Manufacturer><OUI>00D0D0</OUI><ProductClass>Box</ProductClass><SerialNumber>${serial}</SerialNumber></DeviceId>` +
          write.list('Event', 'cwmp:EventStruct', []) +
          write.list('ParameterList', 'cwmp:ParameterValueStruct', [
            write.value('Device.ManagementServer.ParameterKey', '', 'xsd:string'),
          ]),
      ),
      '1',
    );
  };
  const head = (path: string, body: string, version = '1.1'): string[] => [
    `POST ${path} HTTP/${version}`,
    ...(version === '1.1' ? [`Host: ${new URL(world.url).host}`] : []),
    `Content-Length: ${Buffer.byteLength(body)}`,
  ];

  it('accepts an Inform without events from a device without a product class', async () => {
    world = await openWorld({ tls: false, cpeAuth: 'none' });
    const connection = await RawConnection.open(world.url);
    const text = informText().replace('<ProductClass>Box</ProductClass>', '<ProductClass></ProductClass>');
    assert.equal((await connection.request(head('/', text), text)).status, 200);
    assert.equal((await connection.request(head('/', ''))).status, 204);
    connection.close();
    assert.equal((await world.acs.fleet.devices.view('00D0D0-A%2D1')).state, 'enrolled');
  });

  it('accepts HTTP/1.0 without Host, a whole URL as target, and any path', async () => {
    world = await openWorld({ tls: false, cpeAuth: 'none' });
    const text = informText();
    const connection = await RawConnection.open(world.url);
    const old = await connection.request([...head('/', text, '1.0'), 'Connection: keep-alive'], text);
    assert.equal(old.status, 200);
    const { files, tasks } = world.acs.fleet;
    await files.put('f.bin', Buffer.from('x'), { type: 'firmware', version: '1' });
    await tasks.add(id, { method: 'Download', file: 'f.bin' });
    const request = await connection.request([...head('/', '', '1.0'), 'Connection: keep-alive']);
    assert.match(
      request.text,
      new RegExp(`<URL>${world.url}/files/`),
      'a link to where we listen, whatever the CPE says',
    );
    connection.close();

    for (const path of [`${world.url}/acs`, '/a//b/../c', '/acs?x=%zz&y', '/%E0%A4%A']) {
      const other = await RawConnection.open(world.url);
      assert.equal((await other.request(head(path, text), text)).status, 200, path);
      other.close();
    }
  });

  it('sends a task again when an empty POST came instead of its response', async () => {
    world = await openWorld({ tls: false, cpeAuth: 'none' });
    const cpe = new DialectCpe(`${world.url}/`, plain, serial);
    await cpe.session([['0 BOOTSTRAP']]);
    const task = await world.acs.fleet.tasks.add(id, { method: 'GetRPCMethods' });
    const connection = await RawConnection.open(world.url);
    const text = informText();
    await connection.request(head('/', text), text);
    assert.match((await connection.request(head('/', ''))).text, /GetRPCMethods/);
    assert.equal((await connection.request(head('/', ''))).status, 204);
    connection.close();
    await idle();
    assert.deepEqual(await cpe.session([['2 PERIODIC']]), ['GetRPCMethods']);
    await idle();
    assert.equal((await world.acs.fleet.tasks.get(task.id)).state, 'done');
  });

  it('accepts a long response without cookies, known by its connection, also compressed', async () => {
    world = await openWorld({ tls: false, cpeAuth: 'none' });
    const write = writer(plain);
    for (const coding of [undefined, 'gzip'] as const) {
      const connection = await RawConnection.open(world.url);
      const text = informText();
      await connection.request(head('/', text), text);
      await connection.request(head('/', '')).then(answer => assert.equal(answer.status, 204));
      const task = await world.acs.fleet.tasks.add(id, {
        method: 'GetParameterValues',
        args: { ParameterNames: ['Device.'] },
      });
      await connection.request(head('/', text), text);
      const request = await connection.request(head('/', ''));
      const [, requestId = ''] = /ID [^>]*>([^<]*)</.exec(request.text) ?? [];
      const values = Array.from({ length: 4000 }, (_, at) =>
        write.value(`Device.P${at}`, 'x'.repeat(20), 'xsd:string'),
      );
      const list = write.list('ParameterList', 'cwmp:ParameterValueStruct', values);
      const xml = Buffer.from(write.envelope(write.message('GetParameterValuesResponse', list), requestId));
      assert.ok(xml.length > 400_000);
      const body = coding ? gzipSync(xml) : xml;
      const lines = [
        'POST / HTTP/1.1',
        `Host: ${new URL(world.url).host}`,
        ...(coding ? ['Content-Encoding: gzip'] : []),
        `Content-Length: ${body.length}`,
      ];
      assert.equal((await connection.request(lines, body)).status, 204);
      connection.close();
      await idle();
      const { state, result } = await world.acs.fleet.tasks.get(task.id);
      assert.equal(state, 'done');
      assert.equal((result as { ParameterList: unknown[] } | undefined)?.ParameterList.length, 4000);
    }
    const anonymous = await RawConnection.open(world.url);
    const lines = ['POST / HTTP/1.1', `Host: ${new URL(world.url).host}`, 'Content-Length: 500000'];
    assert.equal((await anonymous.request(lines)).status, 413, 'not without a session');
    anonymous.close();
  });

  it('answers a stray empty POST after the session with 204 on any connection', async () => {
    world = await openWorld({ tls: false, cpeAuth: 'none' });
    const connection = await RawConnection.open(world.url);
    const text = informText();
    const cookie = (await connection.request(head('/', text), text)).headers.get('set-cookie')?.split(';')[0] ?? '';
    for (let round = 0; round < 3; round++)
      assert.equal((await connection.request([...head('/', ''), `Cookie: ${cookie}`])).status, 204);
    connection.close();
    const other = await RawConnection.open(world.url);
    assert.equal((await other.request([...head('/', ''), `Cookie: ${cookie}`])).status, 204);
    other.close();
  });

  it('begins a new session on the same connection with the cookie of the last one', async () => {
    world = await openWorld({ tls: false, cpeAuth: 'none' });
    const connection = await RawConnection.open(world.url);
    const text = informText();
    let cookie = '';
    for (let round = 0; round < 3; round++) {
      const line = cookie ? [`Cookie: ${cookie}`] : [];
      const answer = await connection.request([...head('/', text), ...line], text);
      assert.equal(answer.status, 200);
      cookie = answer.headers.get('set-cookie')?.split(';')[0] ?? '';
      assert.notEqual(cookie, '');
      assert.equal((await connection.request([...head('/', ''), `Cookie: ${cookie}`])).status, 204);
    }
    connection.close();
  });

  it('answers in the namespace of each Inform', async () => {
    world = await openWorld({ tls: false, cpeAuth: 'none' });
    for (const namespace of ['1-0', '1-1', '1-2', '1-3', '1-4'] as const) {
      const connection = await RawConnection.open(world.url);
      const text = informText(namespace);
      const answer = await connection.request(head('/', text), text);
      assert.match(answer.text, new RegExp(`"urn:dslforum-org:cwmp-${namespace}"`));
      connection.close();
    }
  });
});
