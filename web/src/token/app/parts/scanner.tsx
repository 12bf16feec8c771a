import { useEffect, useRef, useState } from 'react';
import { useTranslation } from 'react-i18next';
import { Dialog } from '../../../design/dialog.tsx';
import { Notice } from './notice.tsx';
import { readPicture } from './qr-picture.ts';
import styles from './scanner.module.css';

/** Pause between two readings, so that the phone stays cool. */
const LOOK_MS = 180;

type Camera = 'starting' | 'running' | 'denied' | 'none';

/** Scans a QR code with the camera, or from a picture. */
export function Scanner({
  onText,
  onClose,
}: {
  readonly onText: (text: string) => void;
  readonly onClose: () => void;
}) {
  const { t } = useTranslation('token');
  const video = useRef<HTMLVideoElement>(null);
  const found = useRef(onText);
  found.current = onText;
  const [camera, setCamera] = useState<Camera>('starting');
  const [nothing, setNothing] = useState(false);

  useEffect(() => {
    let stopped = false;
    let stream: MediaStream | undefined;
    let timer: ReturnType<typeof setTimeout> | undefined;

    async function look() {
      const shown = video.current;
      if (stopped || !shown) return;
      if (shown.readyState >= HTMLMediaElement.HAVE_CURRENT_DATA) {
        const text = await readPicture(shown, shown.videoWidth, shown.videoHeight);
        if (stopped) return;
        if (text !== undefined) return found.current(text);
      }
      timer = setTimeout(() => void look(), LOOK_MS);
    }

    async function start() {
      try {
        if (!navigator.mediaDevices) return setCamera('none');
        stream = await navigator.mediaDevices.getUserMedia({
          video: { facingMode: 'environment' },
          audio: false,
        });
        const shown = video.current;
        if (stopped || !shown) return stop();
        shown.srcObject = stream;
        await shown.play();
        setCamera('running');
        void look();
      } catch (error) {
        if (stopped) return;
        const refused = error instanceof DOMException && error.name === 'NotAllowedError';
        setCamera(refused ? 'denied' : 'none');
      }
    }

    function stop() {
      for (const track of stream?.getTracks() ?? []) track.stop();
    }

    void start();
    return () => {
      stopped = true;
      clearTimeout(timer);
      stop();
    };
  }, []);

  async function readFile(file: File | undefined) {
    if (!file) return;
    setNothing(false);
    try {
      const picture = await createImageBitmap(file);
      const text = await readPicture(picture, picture.width, picture.height);
      picture.close();
      if (text !== undefined) return found.current(text);
    } catch {
      // A file that is no picture holds no code.
    }
    setNothing(true);
  }

  const running = camera === 'starting' || camera === 'running';
  return (
    <Dialog look="sheet" title={t('scanner.title')} onClose={onClose}>
      {running ? (
        <>
          <video ref={video} className={styles.video} muted playsInline />
          <p role="status">{camera === 'starting' ? t('scanner.starting') : t('scanner.aim')}</p>
        </>
      ) : (
        <Notice kind="warning">{t(`scanner.${camera}`)}</Notice>
      )}
      {nothing && <Notice kind="danger">{t('scanner.nothing')}</Notice>}
      <label className={styles.picture}>
        {t('scanner.picture')}
        <input type="file" accept="image/*" onChange={(event) => void readFile(event.target.files?.[0])} />
      </label>
    </Dialog>
  );
}
