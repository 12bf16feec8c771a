// Loaded before a page's own scripts: a script or style sheet that does not arrive, as when the network changes meanwhile,
// would leave the page blank for ever. Loads the page again, a few times, and then says what to do.
(() => {
  const KEY = 'sello-load-failures';
  const PAUSES_MS = [300, 1_500, 4_000];
  let failed = false;

  /** Then what is loaded later is the page's own affair: reloading would take away what was typed. */
  const started = () =>
    document.readyState !== 'loading' && document.querySelector('.first-paint, .not-loaded') === null;

  function tell() {
    const says = document.createElement('p');
    says.setAttribute('role', 'alert');
    says.textContent =
      'The page did not arrive whole. Check the connection and load it again. · La página no llegó entera. Compruebe la conexión y vuelva a cargarla.';
    const again = document.createElement('a');
    again.href = location.href;
    again.textContent = 'Load it again · Volver a cargar';
    again.addEventListener('click', (event) => {
      event.preventDefault();
      location.reload();
    });
    const root = document.getElementById('root') ?? document.body;
    root.className = 'not-loaded';
    root.replaceChildren(says, again);
  }

  addEventListener(
    'error',
    ({ target }) => {
      const isScript = target instanceof HTMLScriptElement;
      const isSheet = target instanceof HTMLLinkElement && target.rel === 'stylesheet';
      if (failed || started() || !(isScript || isSheet)) return;
      failed = true;
      const failures = Number(sessionStorage.getItem(KEY) ?? 0);
      const pauseMs = PAUSES_MS[failures];
      if (pauseMs === undefined) {
        sessionStorage.removeItem(KEY);
        if (document.readyState === 'loading') addEventListener('DOMContentLoaded', tell);
        else tell();
        return;
      }
      sessionStorage.setItem(KEY, String(failures + 1));
      setTimeout(() => location.reload(), pauseMs);
    },
    true,
  );
})();
