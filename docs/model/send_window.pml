/* SPDX-License-Identifier: BSD-3-Clause
 *
 * The queues and locks of rte_mp between one server and CLIENTS clients, for Spin. It answers two
 * questions: can everybody end up blocked on everybody else, and does the server ever block on a
 * client's full queue?
 *
 *   QLEN       net.unix.max_dgram_qlen; a queue takes one message more before a send blocks
 *   BOUND      1: clients keep to SendWindow (support/ipc/send_window.h); 0: they send at will
 *   RESERVE    SendWindow::kReserve: places left to the server's broadcasts
 *   WINDOW     SendWindow::bound_for(QLEN), or what is given instead, to see it fail
 *   BROADCAST  1: the server also asks all clients, as with --broadcast
 *   IN_FIRST   defined: a client asks for its own queue before it asks for the server's
 *   BELIEVE_LATE  defined: it takes an answer to an earlier round for one to the last
 *
 * Time is not in the model: a request may be given up at any moment after it was sent, so every
 * timeout, however short, and every slow, stopped or unlucky process is among the runs. A request
 * that is given up at once is an asynchronous one. What messages say is left out but for one thing:
 * whether a reply is the one to the request sent last, which is what the pair checks.
 *
 * Not modelled: the death of a process, and what EAL sends of its own accord.
 */
#ifndef CLIENTS
#define CLIENTS 2
#endif
#ifndef QLEN
#define QLEN 4
#endif
#ifndef BOUND
#define BOUND 1
#endif
#ifndef RESERVE
#define RESERVE 2
#endif
#ifndef WINDOW
#define WINDOW (QLEN - RESERVE)
#endif
#ifndef BROADCAST
#define BROADCAST 0
#endif

#define PLACES (QLEN + 1)

mtype = { request, reply, /* a client asks */
          ask, told };    /* the server asks all; a client's answer */

chan to_server = [PLACES] of { mtype, byte };
chan to_client[CLIENTS] = [PLACES] of { mtype };

/* Of each client. */
bool locked[CLIENTS];     /* pending_requests.lock: held over sendmsg(), needed to take a reply */
bool pending[CLIENTS];    /* a request waits for its reply */
byte unanswered[CLIENTS]; /* SendWindow: sent and not known to be answered */
byte out[CLIENTS];        /* sent, and its reply not yet read: 0 after the reply to the last one */
byte unread[CLIENTS];     /* its messages in the server's queue: SIOCOUTQ */

/* Of the server. */
bool server_locked;
byte asked[CLIENTS];      /* broadcasts in this client's queue */
byte open_rounds[CLIENTS]; /* broadcasts to it whose answer the server has not read */
bool has_told[CLIENTS];   /* the client answered the last round, by its own answer */
byte sent_and_unread;     /* messages of the server that nobody has read yet: SIOCOUTQ */

/* ---- a client: main thread ------------------------------------------------------------------ */

proctype client_main(byte me) {
    do
    ::
#if BOUND
        if
        :: unanswered[me] < WINDOW
        :: unanswered[me] >= WINDOW ->
            /* IpcSocket::idle(): two questions to the kernel, one after the other. */
#ifdef IN_FIRST
            empty(to_client[me]);
            atomic { unread[me] == 0 -> unanswered[me] = 1 }
#else
            unread[me] == 0;
            atomic {
                empty(to_client[me]) ->
                unanswered[me] = 1 /* drained(): the server may still be at the last one */
            }
#endif
        fi;
#endif
        atomic {
            !locked[me] -> locked[me] = true;
#if BOUND
            unanswered[me]++
#endif
        };
        /* sendmsg(), which blocks when the queue is full, then pthread_cond_timedwait(). */
        atomic {
            to_server ! request, me ->
            unread[me]++;
            out[me]++;
            pending[me] = true;
            locked[me] = false
        };
        /* A reply came, or the timeout: at any moment. */
        atomic { !locked[me] -> pending[me] = false }
    od
}

/* ---- a client: the EAL's IPC thread --------------------------------------------------------- */

proctype client_ipc(byte me) {
end_nothing_to_read:
    do
    :: atomic { to_client[me] ? reply -> out[me]--; sent_and_unread-- };
        atomic {
            !locked[me] ->
            if
            :: pending[me] ->
                pending[me] = false;
                if
                :: out[me] == 0 -> unanswered[me] = 0 /* its own reply: answered(ticket) */
                :: else                               /* a late one; it proves nothing */
                fi
            :: else /* "Drop mp reply" */
            fi
        }
    :: atomic { to_client[me] ? ask -> asked[me]--; sent_and_unread-- };
        atomic { to_server ! told, me -> unread[me]++ } /* rte_mp_reply() takes no lock */
    od
}

/* ---- the server ----------------------------------------------------------------------------- */

/* The claim of the bound: the server finds room in every client's queue, always. */
inline send_to(client, what) {
    atomic {
#if BOUND
        assert(nfull(to_client[client]));
#endif
        to_client[client] ! what -> sent_and_unread++
    }
}

active proctype server_ipc() {
    byte from;
end_nothing_to_read:
    do
    :: atomic { to_server ? request, from -> unread[from]-- };
        send_to(from, reply)
    :: atomic { to_server ? told, from -> unread[from]-- };
        atomic {
            !server_locked -> open_rounds[from]--;
#ifdef BELIEVE_LATE
            has_told[from] = true /* matched by peer and name only */
#else
            has_told[from] = open_rounds[from] == 0 /* its sequence is the round's */
#endif
        }
    od
}

#if BROADCAST
/* broadcast_round() of server.cpp, with a SendWindow of its own. The lock is held over all sends, as by an asynchronous request. */
active proctype server_main() {
    byte i;
    byte rounds; /* sent, and not known to be read by all */
end_waiting:
    do
    :: if
        :: rounds < RESERVE
        :: rounds >= RESERVE && sent_and_unread == 0 -> rounds = 1 /* drained() */
        fi;
        rounds++;
        atomic { !server_locked -> server_locked = true };
        i = 0;
        do
        :: i < CLIENTS ->
            has_told[i] = false;
            atomic { asked[i]++; open_rounds[i]++ };
            assert(!BOUND || asked[i] <= RESERVE);
            send_to(i, ask);
            i++
        :: else -> break
        od;
        server_locked = false;
        if
        :: true /* the timeout */
        :: atomic {
            i = 0;
            do
            :: i < CLIENTS -> has_told[i]; i++
            :: else -> break
            od };
            rounds = 0 /* answered() */
        fi;
        i = 0
    od
}
#endif

init {
    byte i;
    atomic {
        do
        :: i < CLIENTS ->
            run client_main(i);
            run client_ipc(i);
            i++
        :: else -> break
        od
    }
}
