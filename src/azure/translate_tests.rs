//! Translation against the shapes that Azure is known to send, and against those it should not.
