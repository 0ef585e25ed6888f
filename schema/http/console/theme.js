// The colours that were chosen here last, else the system's: set before anything is drawn, and again
// when the system's change. Whoever draws by itself hears the event `theme`.
{
  const dark = matchMedia('(prefers-color-scheme: dark)');
  const apply = () => {
    document.documentElement.dataset.theme =
      localStorage.getItem('theme') ?? (dark.matches ? 'dark' : 'light');
  };
  apply();
  dark.addEventListener('change', () => {
    apply();
    window.dispatchEvent(new Event('theme'));
  });
}
