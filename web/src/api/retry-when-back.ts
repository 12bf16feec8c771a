/** Calls `retry` when the network comes back or the page becomes visible. @returns a function that ends this */
export function retryWhenBack(retry: () => void): () => void {
  const seen = () => {
    if (document.visibilityState === 'visible') retry();
  };
  addEventListener('online', retry);
  document.addEventListener('visibilitychange', seen);
  return () => {
    removeEventListener('online', retry);
    document.removeEventListener('visibilitychange', seen);
  };
}
