import * as React from 'react';
import type { IEpisodes, IVideo } from '../contract';
import type { RunModel } from '../run_model';
import { Answer } from './Answer';
import { Facts } from './Facts';
import { Opened } from './opened';
import { Row, Table } from './Table';
import { Shown } from './use_answer';

const HEADS = [
  'Env steps',
  'Reward (mean)',
  'Lowest to highest',
  'Env steps an episode',
  'Episodes'
];

/** The agent playing: videos in one player, and what the evaluations found. */
export function Episodes({ model }: { model: RunModel }): JSX.Element {
  return (
    <Answer
      model={model}
      every={5}
      waiting="The episodes are being looked for."
      ask={(requests, id, signal) => requests.episodes(id, signal)}
    >
      {found => (
        <>
          {found.videos.length > 0 && (
            <Videos
              videos={found.videos}
              urlOf={(path, download) => model.requests.fileUrl(model.id, path, download)}
            />
          )}
          {found.videos_message && <p className="rlp-hint">{found.videos_message}</p>}
          <Evaluations found={found} />
        </>
      )}
    </Answer>
  );
}

function Evaluations({ found }: { found: IEpisodes }): JSX.Element {
  if (found.message) {
    return <p className="rlp-hint">{found.message}</p>;
  }
  return (
    <>
      <Facts facts={found.facts} />
      <Table label="Evaluations, newest first" heads={HEADS}>
        {found.rows.map((row, i) => (
          <Row key={i} cells={[row.env_steps, row.reward, row.span, row.length, row.episodes]} />
        ))}
      </Table>
      {found.omitted && <p className="rlp-hint">{found.omitted}</p>}
    </>
  );
}

interface IVideosProps {
  videos: readonly IVideo[];
  urlOf(path: string, download?: boolean): string;
}

/** The newest video until a person chooses or plays one; nothing plays by itself. */
function Videos({ videos, urlOf }: IVideosProps): JSX.Element | null {
  const [chosen, setChosen] = React.useState<number | null>(null);
  const [broken, setBroken] = React.useState('');
  const player = React.useRef<HTMLVideoElement>(null);
  const shown = React.useContext(Shown);
  React.useEffect(() => {
    if (!shown) {
      player.current?.pause();
    }
  }, [shown]);
  const mark = React.useContext(Opened);
  const wanted = mark?.kind === 'video' ? mark.path : '';
  const wantedVideo = videos.find(one => one.path === wanted);
  React.useEffect(() => {
    if (wantedVideo) {
      setChosen(wantedVideo.key);
    }
    // A later list of videos leaves alone what a person has chosen since.
    // eslint-disable-next-line react-hooks/exhaustive-deps
  }, [mark, wantedVideo?.key]);
  const video = videos.find(one => one.key === chosen) ?? videos[0];
  if (!video) {
    return null;
  }
  const trouble =
    video.missing || (broken === video.path ? 'The video cannot be played here: download it.' : '');
  return (
    <div className="rlp-videos">
      {wanted && !wantedVideo && (
        <p className="rlp-hint">{mark?.title}: its file was removed to make room for others.</p>
      )}
      <ul className="rlp-video-list" aria-label="Videos of the agent, newest first">
        {videos.map(one => (
          <li key={one.key}>
            <button
              className={`rlp-toggle${one === video ? ' rlp-on' : ''}`}
              aria-pressed={one === video}
              title={one.label}
              onClick={() => setChosen(one.key)}
            >
              {one.label}
            </button>
          </li>
        ))}
      </ul>
      <div className="rlp-video-place">
        <video
          ref={player}
          src={video.missing ? undefined : urlOf(video.path)}
          hidden={trouble !== ''}
          controls
          preload="metadata"
          aria-label={`${video.label}. ${video.about}`}
          onPlay={() => setChosen(video.key)}
          onError={() => setBroken(video.path)}
        />
        {trouble && <p className="rlp-notice rlp-warning">{trouble}</p>}
        <p className="rlp-hint">{video.about}</p>
        {!video.missing && (
          <a href={urlOf(video.path, true)} download>
            Download
          </a>
        )}
      </div>
    </div>
  );
}
