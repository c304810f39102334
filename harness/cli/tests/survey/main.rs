//! Desk surveys over loopback sites: what is found, what is left open, how politely it is asked for.

mod lists;
mod manners;
mod site;
mod support;
mod verdicts;
