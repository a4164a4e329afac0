// The script that the workers backend is told to start its workers from.
import "@surprisal/backend-workers/worker";
