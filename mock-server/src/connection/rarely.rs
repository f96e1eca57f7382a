//! A future that is asked only when it has something to say. What a connection waits for beside its bytes (a timer, a
//! change of its listener, the end of the server) comes once in thousands of exchanges; asking each time has its price.

use std::pin::Pin;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::task::{Context, Poll, Wake, Waker};

/// The future, polled only after it was woken.
#[derive(Debug)]
pub(super) struct Rarely<F> {
    future: Pin<Box<F>>,
    bell: Arc<Bell>,
    waker: Waker,
    /// The task that was last told to listen.
    listener: Option<Waker>,
}

/// What rings when the future is woken.
#[derive(Debug)]
struct Bell {
    rang: AtomicBool,
    listener: Mutex<Option<Waker>>,
}

// === impl Rarely ===

impl<F> Rarely<F> {
    pub(super) fn new(future: F) -> Self {
        // It is asked once to begin with.
        let bell = Arc::new(Bell { rang: AtomicBool::new(true), listener: Mutex::default() });
        Self { future: Box::pin(future), waker: Waker::from(Arc::clone(&bell)), bell, listener: None }
    }

    /// The future itself, to be changed; it is asked again afterwards.
    pub(super) fn rouse(&mut self) -> Pin<&mut F> {
        self.bell.rang.store(true, Ordering::Release);
        self.future.as_mut()
    }
}

impl<F: Future> Future for Rarely<F> {
    type Output = F::Output;

    #[inline]
    fn poll(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<F::Output> {
        let this = &mut *self;
        if !this.listener.as_ref().is_some_and(|listener| listener.will_wake(context.waker())) {
            this.listener = Some(context.waker().clone());
            *this.bell.listener.lock().unwrap_or_else(PoisonError::into_inner) = Some(context.waker().clone());
        }
        if !this.bell.rang.load(Ordering::Acquire) {
            return Poll::Pending;
        }
        this.bell.rang.store(false, Ordering::Release);
        this.future.as_mut().poll(&mut Context::from_waker(&this.waker))
    }
}

// === impl Bell ===

impl Wake for Bell {
    fn wake(self: Arc<Self>) {
        self.wake_by_ref();
    }

    fn wake_by_ref(self: &Arc<Self>) {
        self.rang.store(true, Ordering::Release);
        let listener = self.listener.lock().unwrap_or_else(PoisonError::into_inner).clone();
        if let Some(listener) = listener {
            listener.wake();
        }
    }
}

#[cfg(test)]
mod tests {
    use std::sync::atomic::AtomicUsize;

    use tokio::sync::oneshot;

    use super::*;

    #[tokio::test]
    async fn it_is_asked_when_woken_and_not_before() {
        let asked = Arc::new(AtomicUsize::new(0));
        let (sender, mut receiver) = oneshot::channel::<u8>();
        let count = Arc::clone(&asked);
        let mut rarely = Rarely::new(std::future::poll_fn(move |context| {
            count.fetch_add(1, Ordering::Relaxed);
            Pin::new(&mut receiver).poll(context)
        }));
        for _ in 0..100 {
            let once = std::future::poll_fn(|context| Poll::Ready(Pin::new(&mut rarely).poll(context).is_ready()));
            assert!(!once.await);
        }
        assert_eq!(asked.load(Ordering::Relaxed), 1);
        sender.send(7).unwrap();
        assert_eq!(rarely.await, Ok(7));
        assert_eq!(asked.load(Ordering::Relaxed), 2);
    }

    #[tokio::test]
    async fn whoever_waits_last_is_woken() {
        let (sender, receiver) = oneshot::channel::<u8>();
        let mut rarely = Rarely::new(receiver);
        let first = std::future::poll_fn(|context| Poll::Ready(Pin::new(&mut rarely).poll(context).is_ready()));
        assert!(!first.await);
        let other_task = tokio::spawn(rarely);
        tokio::task::yield_now().await;
        sender.send(7).unwrap();
        assert_eq!(other_task.await.unwrap(), Ok(7));
    }
}
