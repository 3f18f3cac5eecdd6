// The way in for a gateway: it is announced with a login of its own, gets the commands for it, and appears as soon as it comes.
import type { JSX } from 'preact';
import { useState } from 'preact/hooks';
import { getServer } from '../../api/server.ts';
import { ProblemNote } from '../../components/problem-note.tsx';
import { Skeleton } from '../../components/skeleton.tsx';
import { useResource } from '../../state/resource.ts';
import { may } from '../../state/session.ts';
import { useTrail } from '../../state/trail.ts';
import { connect } from '../../words/en/connect.ts';
import { textsOf } from '../../words/texts.ts';
import { AnnounceForm } from './announce-form.tsx';
import { Arrivals } from './arrivals.tsx';
import { type Announced, Commands } from './commands.tsx';

const words = textsOf('connect', connect);

export function ConnectScreen(): JSX.Element {
  const server = useResource(may('getServer') ? 'server' : undefined, getServer);
  const [announced, setAnnounced] = useState<Announced | undefined>(undefined);
  useTrail([{ text: words().title }]);
  return (
    <>
      <div class="head">
        <div class="stack">
          <h1>{words().title}</h1>
          <p class="ink-2">{words().intro}</p>
        </div>
      </div>
      {server.problem && <ProblemNote problem={server.problem} at={server.at} onRetry={server.reload} />}
      <div class="cols">
        <div class="stack loose c8">
          <section class="panel">
            <header>
              <h2>{words().announce}</h2>
            </header>
            <div class="body stack">
              {may('announceDevices') ? <AnnounceForm onAnnounced={setAnnounced} /> : <p>{words().mayNot}</p>}
            </div>
          </section>
          {server.value ? <Commands server={server.value} announced={announced} /> : server.isLoading && <Skeleton />}
        </div>
        <section class="panel c4">
          <header>
            <h2>{words().arrivals}</h2>
          </header>
          <Arrivals />
        </section>
      </div>
    </>
  );
}
