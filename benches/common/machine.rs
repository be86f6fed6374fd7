//! What processes use of the machine, from `/proc` (Linux); elsewhere every figure is not a number.

use std::fs::read_to_string;

use crate::recorder::Recorder;

/// Processor time so far: ours, the push service's and everybody's, in seconds.
#[derive(Clone, Copy)]
pub(crate) struct Gauge {
    ours: f64,
    push_service: f64,
    busy: f64,
    all: f64,
}

/// The same between two moments; what others used is a share of the whole machine.
#[derive(Clone, Copy)]
pub(crate) struct Spent {
    pub(crate) ours: f64,
    pub(crate) push_service: f64,
    pub(crate) others: f64,
}

impl Gauge {
    pub(crate) fn read(ours: &str, recorder: &Recorder) -> Self {
        let (busy, all) = machine_seconds().unwrap_or((f64::NAN, f64::NAN));
        Self {
            ours: process_seconds(ours).unwrap_or(f64::NAN),
            push_service: process_seconds(&recorder.process()).unwrap_or(f64::NAN),
            busy,
            all,
        }
    }

    pub(crate) fn since(self, earlier: Self) -> Spent {
        let ours = self.ours - earlier.ours;
        let push_service = self.push_service - earlier.push_service;
        let others = self.busy - earlier.busy - ours - push_service;
        Spent { ours, push_service, others: (others / (self.all - earlier.all)).max(0.0) }
    }
}

/// The memory of a process, in bytes.
#[derive(Clone, Copy)]
pub(crate) struct Memory {
    pub(crate) now: f64,
    pub(crate) peak: f64,
}

/// `VmRSS` and `VmHWM` of `/proc/PID/status`, which are in kB.
pub(crate) fn memory(process: &str) -> Memory {
    let status = read_to_string(format!("/proc/{process}/status")).unwrap_or_default();
    let field = |name: &str| {
        let line = status.lines().find_map(|line| line.strip_prefix(name));
        let number = line.and_then(|line| line.split_whitespace().next()?.parse::<f64>().ok());
        number.map_or(f64::NAN, |kilobytes| kilobytes * 1024.0)
    };
    Memory { now: field("VmRSS:"), peak: field("VmHWM:") }
}

/// The peak counts from now on. Where that cannot be had, it counts from the process's start.
pub(crate) fn forget_peak(process: &str) {
    let _ = std::fs::write(format!("/proc/{process}/clear_refs"), "5");
}

/// User and system time of a process: fields 14 and 15 of its `stat`, in hundredths of a second.
fn process_seconds(process: &str) -> Option<f64> {
    let stat = read_to_string(format!("/proc/{process}/stat")).ok()?;
    // The name, in parentheses, may hold anything.
    let mut fields = stat.rsplit_once(')')?.1.split_whitespace().skip(11);
    let user: f64 = fields.next()?.parse().ok()?;
    let system: f64 = fields.next()?.parse().ok()?;
    Some((user + system) / 100.0)
}

/// Busy and all time of all processors: `user nice system idle iowait irq softirq steal`, in hundredths of a second.
fn machine_seconds() -> Option<(f64, f64)> {
    let stat = read_to_string("/proc/stat").ok()?;
    let first = stat.lines().next()?.strip_prefix("cpu ")?;
    let times: Vec<f64> = first.split_whitespace().take(8).flat_map(str::parse).collect();
    let all: f64 = times.iter().sum();
    let idle = times.get(3)? + times.get(4)?;
    Some(((all - idle) / 100.0, all / 100.0))
}
